"""Ticks stand on round numbers and whole dates, and there are neither too many nor too few."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.tasks.plots.ticks import round_dates, round_numbers


@pytest.mark.parametrize(
    ("low", "high", "most", "whole", "texts"),
    [
        (-0.2, 10.3, 6, False, ["0", "2", "4", "6", "8", "10"]),
        (0.0, 1.0, 5, False, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (0.0, 3.0, 8, False, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]),
        (0.0, 2.0, 8, True, ["0", "1", "2"]),
        (-0.05, 0.05, 8, True, ["0"]),
        (-1.2e8, 1.1e8, 5, False, ["-1.0e+08", "-5.0e+07", "0", "5.0e+07", "1.0e+08"]),
    ],
)
def test_numbers(low: float, high: float, most: int, whole: bool, texts: list[str]) -> None:
    assert round_numbers(low, high, most, whole=whole)[1] == texts


@given(low=st.floats(-1e9, 1e9), span=st.floats(1e-3, 1e9), most=st.integers(2, 20))
def test_ticks_are_within_the_range_and_tell_each_other_apart(low: float, span: float, most: int) -> None:
    positions, texts = round_numbers(low, low + span, most)
    assert 1 <= len(positions) <= most
    assert len(set(texts)) == len(texts)
    room = 1e-6 * span
    assert all(low - room <= one <= low + span + room for one in positions)


@pytest.mark.parametrize(
    ("first", "last", "texts"),
    [
        ("2016-07-01T00:00:00", "2016-07-21T19:00:00", ["2016-07-07", "2016-07-14", "2016-07-21"]),
        ("2016-07-01T00:00:00", "2016-07-01T23:00:00", [f"07-01 {hour:02}:00" for hour in (0, 6, 12, 18)]),
        ("2015-11-20T00:00:00", "2016-11-20T00:00:00", ["2016-01", "2016-04", "2016-07", "2016-10"]),
        ("1951-01-01T00:00:00", "2014-01-01T00:00:00", ["1960", "1980", "2000"]),
        ("2020-01-01T00:00:00", "2020-01-01T00:00:02", ["00:00:00.000", "00:00:00.500", "00:00:01.000",
                                                         "00:00:01.500", "00:00:02.000"]),
    ],
)  # fmt: skip
def test_dates(first: str, last: str, texts: list[str]) -> None:
    low, high = (np.datetime64(one, "s").astype(float) for one in (first, last))
    positions, written = round_dates(float(low), float(high), 5)
    assert written == texts
    assert all(low <= one <= high for one in positions)


@given(low=st.integers(-2_000_000_000, 4_000_000_000), span=st.integers(1, 3_000_000_000), most=st.integers(2, 12))
def test_any_span_of_dates_has_ticks(low: int, span: int, most: int) -> None:
    positions, texts = round_dates(low, low + span, most)
    assert len(positions) <= most
    assert len(set(texts)) == len(texts) or span < 60
    assert all(low <= one <= low + span for one in positions)
