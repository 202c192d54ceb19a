"""Decimals of a channel: what is shown keeps one percent of the spread, or is refused; nothing is lost in silence."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from data_pipelines.precision import MOST, decimals_of, flattened, shown
from src.errors import DataError
from src.tasks.numbers import read_number


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([0, 1000, 6000], 0),
        ([0, 0.01, 0.06], 4),
        ([8.001e-6, 8.127e-6, 8.198e-6], 9),
        ([2.0017e-8, 2.318e-8, 2.4942e-8], 11),
        ([1e14, 2e14], 0),
        ([1e9, 1e9 + 0.01], 5),
        ([5, 5, 5], 0),
        ([0, 0], 0),
        ([5.5, 5.5], 1),
        ([1 / 3, 1 / 3], 2),
        ([-2e-8, -2e-8], 8),
        ([0.1 + 0.2, 0.3], 1),  # the last bits of means
    ],
)  # fmt: skip
def test_the_fewest_decimals_that_show_how_a_channel_moves(values: list[float], decimals: int) -> None:
    assert decimals_of(np.array(values, dtype=float), "v", None) == decimals


@pytest.mark.parametrize(
    ("values", "fixed", "problem"),
    [
        ([1e-12, 2e-12], None, r"column 'v' would need over 12 decimals \(.* 5e-13\): rescale it"),
        ([1e-300, 2e-300], None, "over 12 decimals"),
        ([1e-20, 1e-20], None, "over 12 decimals"),
        ([1e18, 2e18], None, r"up to 2e\+18, which 0 decimals show with over 15 digits: rescale it"),
        ([1e12, 1e12 + 0.1], None, "4 decimals show with over 15 digits"),
        ([1e13, 2e13], 3, "3 decimals show with over 15 digits: rescale it .* or lower dataset.decimals"),
    ],
)  # fmt: skip
def test_a_scale_that_cannot_be_shown_is_refused(values: list[float], fixed: int | None, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        decimals_of(np.array(values), "v", fixed)


@given(
    st.lists(st.floats(-1, 1), min_size=2, max_size=30),
    st.floats(-1, 1),
    st.integers(-20, 25),
    st.integers(-20, 25),
)
def test_what_is_shown_can_be_read_and_keeps_one_percent_of_the_spread(
    moves: list[float], level: float, power: int, height: int
) -> None:
    column = np.array(moves) * 10.0**power + level * 10.0**height
    try:
        decimals = decimals_of(column, "v", None)
    except DataError:
        # Only what needs more than twelve decimals or fifteen digits.
        size, spread = float(np.abs(column).max()), float(column.std())
        assert spread < 10.0 ** (2 - MOST) or size >= 1e12 or size / spread > 1e11
        return
    texts = [f"{value:.{decimals}f}" for value in shown(column, decimals)]
    read = [read_number(text) for text in texts]
    assert None not in read and max(map(len, texts)) <= MOST + 6 + 12
    error = np.abs(np.array(read, dtype=float) - column).max()
    assume(not np.ptp(column) <= 1e-14 * np.abs(column).max())
    assert error <= 0.01 * column.std() * (1 + 1e-6) + 1e-15 * np.abs(column).max()


def test_windows_that_are_constant_only_as_shown_are_counted() -> None:
    column = np.array([1.0, 1.0, 1.0, 1.0, 1.001, 1.002, 3.0, 3.0, -0.001, 0.001])
    starts, offsets = np.arange(9), np.arange(2)
    assert flattened(column, starts, offsets, 2) == 3  # 1 and 1.001, 1.001 and 1.002, -0.001 and 0.001
    assert flattened(column, starts, offsets, 3) == 0
    assert flattened(column, starts[:7], 2 * np.arange(2), 0) == 2
    assert flattened(column[:0], starts[:0], offsets, 0) == 0


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=40), st.integers(0, 2), st.integers(1, 3))
def test_the_count_is_that_of_the_windows_one_by_one(values: list[float], decimals: int, step: int) -> None:
    column = np.array(values)
    starts = np.arange(max(0, len(column) - step))
    windows = [column[start : start + step + 1 : step] for start in starts]
    wanted = sum(
        len({*shown(window, decimals)}) == 1 and not math.isclose(window[0], window[1], rel_tol=1e-14)
        for window in windows
    )
    assert flattened(column, starts, np.array([0, step]), decimals) == wanted
