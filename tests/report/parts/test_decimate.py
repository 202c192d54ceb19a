"""Long series are thinned and keep what stands out."""

import math

import numpy as np

from src.report.parts.decimate import bucket_means, keep_extremes


def test_thinning_keeps_a_single_spike_and_both_ends() -> None:
    values = np.zeros(5000)
    values[3210] = 9.0
    values[1234] = -4.0
    index = keep_extremes(values, 400)
    assert len(index) <= 400
    assert {0, 1234, 3210, 4999} <= set(index.tolist())
    assert (np.diff(index) > 0).all()


def test_thinning_leaves_short_series_alone_and_keeps_gaps() -> None:
    assert keep_extremes(np.arange(7.0), 7).tolist() == list(range(7))
    values = np.concatenate([np.ones(500), np.full(500, math.nan), np.ones(500)])
    assert np.isnan(values[keep_extremes(values, 50)]).any()


def test_bucket_means_keep_adding_up() -> None:
    steps, means = bucket_means(np.arange(10), np.array([np.arange(10.0), np.full(10, 2.0)]), 5)
    assert steps.tolist() == [1, 3, 5, 7, 9]
    assert means.tolist() == [[0.5, 2.5, 4.5, 6.5, 8.5], [2.0] * 5]
