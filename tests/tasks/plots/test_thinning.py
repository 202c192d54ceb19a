"""Long series are thinned and keep what stands out."""

import math

import numpy as np

from src.tasks.plots.thinning import keep_extremes


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
