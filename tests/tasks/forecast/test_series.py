"""Measures of series against plain loops and hand-made cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from src.tasks.forecast.series import cosine, floats, local_extrema, moving_average, turning_points

vectors = arrays(np.float64, st.integers(1, 40), elements=st.floats(-100, 100))


@pytest.mark.parametrize(("steps", "window"), [(96, 25), (12, 5), (1, 1), (1, 25), (3, 25)])
def test_moving_average_is_that_of_the_edge_padded_series(steps: int, window: int) -> None:
    series = np.random.default_rng(0).normal(size=steps)
    padded = np.pad(series, window // 2, mode="edge")
    expected = [padded[i : i + window].mean() for i in range(steps)]
    np.testing.assert_allclose(moving_average(series, window), expected, atol=1e-12)


@given(vectors)
def test_local_extrema_agree_with_a_loop(series: np.ndarray) -> None:
    is_max, is_min = local_extrema(series)
    for i, value in enumerate(series):
        near = [series[j] for j in (i - 2, i - 1, i + 1, i + 2) if 0 <= j < len(series)]
        assert is_max[i] == all(value >= other for other in near)
        assert is_min[i] == all(value <= other for other in near)


def test_turning_points_are_extrema_and_ends_but_not_the_inside_of_flat_stretches() -> None:
    assert turning_points(np.array([0, 1, 2, 1, 0, 0.5, 1, 2.0])).tolist() == [0, 2, 4, 7]
    assert 7 not in turning_points(np.array([3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2.0]))
    assert turning_points(np.zeros(6)).tolist() == [0, 5]
    assert turning_points(np.zeros(1)).tolist() == [0]


@given(vectors, st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_cosine_rises_along_the_line_to_the_other_vector(goal: np.ndarray, share: float, seed: int) -> None:
    start = np.random.default_rng(seed).normal(size=len(goal)) * 10
    assert cosine(goal + share * (start - goal), goal) >= cosine(start, goal) - 1e-9 or not goal.any()


def test_cosine_values() -> None:
    assert cosine(np.array([1.0, 0]), np.array([1.0, 1])) == pytest.approx(2**-0.5)
    assert cosine(np.zeros(2), np.ones(2)) == 0.0
    assert cosine(np.array([1e150, 0]), np.array([1e150, 0])) == 1.0


@pytest.mark.parametrize("bad", [None, [], "abc", [1, None], [1, "a"], [float("nan")], [10**400], [[1]], [1e101], 5])
def test_floats_refuses_what_is_not_a_list_of_finite_numbers(bad: object) -> None:
    assert floats(bad) is None


def test_floats_takes_lists_and_arrays() -> None:
    assert floats([1, 2.5]).tolist() == [1.0, 2.5]  # type: ignore[union-attr]
    assert floats(np.array([1, 2], dtype=object)).tolist() == [1.0, 2.0]  # type: ignore[union-attr]
