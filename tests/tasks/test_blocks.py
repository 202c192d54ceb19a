"""Blocks of time by hand, and a simulation of held-out windows as few and as entangled as the demo's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from src.tasks.blocks import blocks, estimate

HORIZON, ROWS_PER_STEP = 48, 8  # in rows of half an hour: six steps of four hours


def test_windows_that_do_not_overlap_are_blocks_of_their_own() -> None:
    assert blocks([(0, 4), (4, 8), (20, 24)]) == [0, 1, 2]
    assert blocks([(20, 24), (0, 4), (4, 8)]) == [2, 0, 1], "in the order of time, whatever the order of the list"


def test_windows_that_overlap_are_cut_after_two_truths_length() -> None:
    dense = blocks([(start, start + 4) for start in range(20)])
    assert [dense.count(block) for block in range(3)] == [8, 8, 4]
    assert blocks([(0, 4), (3, 7), (6, 10), (9, 13), (13, 17)]) == [0, 0, 0, 1, 2]
    assert blocks([(0, 4), (0, 4), (1, 5)]) == [0, 0, 0], "the channels of one moment"
    assert blocks([]) == []


def test_an_estimate_by_hand() -> None:
    found = estimate([1, 3, 8, 0], [1, 1, 1, 1], ["x", "x", "y", "y"])
    assert found is not None and (found.value, found.items) == (3.0, 2)
    # Block means of 2 and 4: the standard error of their mean is s / sqrt(2) = 1; t(0.975, 1) = 12.706.
    assert found.error == pytest.approx(1.0, rel=0.03)
    assert found.interval() == pytest.approx((3 - 12.706, 3 + 12.706), rel=0.05)
    assert found.interval(0.0, 10.0) == (0.0, 10.0)
    assert found.p == pytest.approx(2 * (0.5 - math.atan(3.0) / math.pi), abs=0.01)


def test_one_item_has_a_value_and_nothing_else() -> None:
    found = estimate([1, 3], [1, 1], [0, 0])
    assert found is not None and (found.value, found.items, found.interval()) == (2.0, 1, None)
    assert math.isnan(found.p)
    assert estimate([1, 3], [0, 0], [0, 1]) is None
    unknown = estimate([1, 3], [1, 0], [0, 1])
    assert unknown is not None and unknown.items == 1, "an item without an answer is no observation"


def test_equal_items_have_an_interval_of_no_width() -> None:
    found = estimate([1, 1, 1], [1, 1, 1], [0, 1, 2])
    assert found is not None and (found.interval(), found.p) == ((1.0, 1.0), 0.25)
    nothing = estimate([0, 0], [1, 1], [0, 1])
    assert nothing is not None and nothing.p == 1.0
    alike = estimate([-1.0] * 10, [1.0] * 10, range(10))
    assert alike is not None and alike.p == 2 * 0.5**10, "a few that agree may do so by chance"


def _errors(rows: int, persistence: float, draw: np.random.Generator, starts: np.ndarray) -> np.ndarray:
    """The squared errors of the windows that begin at ``starts``, of a model whose errors are autoregressive."""
    noise = lfilter([1.0], [1.0, -persistence], draw.standard_normal(rows + 400))[400:]
    means = np.convolve(noise * math.sqrt(1 - persistence**2), np.full(ROWS_PER_STEP, 1 / ROWS_PER_STEP), "valid")
    return (means[starts[:, None] + np.arange(0, HORIZON, ROWS_PER_STEP)] ** 2).mean(axis=1)


# A validation part of 403 rows, of which 96 windows are drawn, and the demo's of 806, of which 100 are.
@pytest.mark.parametrize(("rows", "windows"), [(403, 96), (806, 100)])
@pytest.mark.parametrize("persistence", [0.0, 0.9, 0.97])
def test_a_true_null_is_rejected_about_as_often_as_is_said(rows: int, windows: int, persistence: float) -> None:
    draw, trials = np.random.default_rng(1), 400
    by_block = by_window = 0
    for _ in range(trials):
        starts = np.sort(draw.choice(rows - HORIZON + 1, windows, replace=False))
        # Two models that are equally good, on the same windows.
        apart = _errors(rows, persistence, draw, starts) - _errors(rows, persistence, draw, starts)
        ones = np.ones(windows)
        found = estimate(apart, ones, blocks([(start, start + HORIZON) for start in starts.tolist()]))
        naive = estimate(apart, ones, range(windows))
        assert found is not None and naive is not None
        by_block += found.p < 0.05
        by_window += naive.p < 0.05
    assert by_window / trials > 0.4, "windows taken for independent: what was wrong"
    assert 0.02 <= by_block / trials <= 0.11
