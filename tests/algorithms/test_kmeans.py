"""Exact one-dimensional k-means."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.algorithms.kmeans import kmeans_1d

sklearn_cluster = pytest.importorskip("sklearn.cluster")
VALUES = st.lists(st.integers(-40, 40).map(lambda i: i / 8), min_size=1, max_size=9)


def inertia(values: np.ndarray, labels: np.ndarray) -> float:
    return sum(((values[labels == label] - values[labels == label].mean()) ** 2).sum() for label in set(labels))


def best_inertia(values: np.ndarray, clusters: int) -> float:
    """Least cost over every way to cut the sorted values into ``clusters`` intervals."""
    ordered = np.sort(values)
    cuts = itertools.combinations(range(1, ordered.size), clusters - 1)
    return min(sum(((part - part.mean()) ** 2).sum() for part in np.split(ordered, list(cut))) for cut in cuts)


def test_three_clear_clusters():
    values = np.array([5.1, 0.0, 9.0, 5.0, 0.2, 9.1, 0.1])
    np.testing.assert_array_equal(kmeans_1d(values, 3), [1, 0, 2, 1, 0, 2, 0])


@given(VALUES, st.integers(1, 9))
def test_cost_is_the_least_possible(values, clusters):
    values = np.array(values)
    labels = kmeans_1d(values, clusters)
    expected = min(clusters, np.unique(values).size)
    assert sorted(set(labels)) == list(range(expected))
    assert inertia(values, labels) == pytest.approx(best_inertia(values, expected), abs=1e-9)


@given(VALUES, st.integers(1, 9))
def test_labels_rise_with_the_values_and_equal_values_stay_together(values, clusters):
    values = np.array(values)
    labels = kmeans_1d(values, clusters)
    order = np.argsort(values)
    assert (np.diff(labels[order]) >= 0).all()
    for value in np.unique(values):
        assert len(set(labels[values == value])) == 1


@pytest.mark.parametrize("seed", range(10))
def test_never_worse_than_the_released_codes_kmeans(seed):
    values = np.random.default_rng(seed).normal(size=48)
    sklearn_labels = sklearn_cluster.KMeans(n_clusters=16, random_state=0).fit_predict(values[:, None])
    assert inertia(values, kmeans_1d(values, 16)) <= inertia(values, sklearn_labels) + 1e-9


def test_large_offset_keeps_its_accuracy():
    values = 1e6 + np.array([0.0, 0.001, 1.0, 1.001])
    np.testing.assert_array_equal(kmeans_1d(values, 2), [0, 0, 1, 1])
