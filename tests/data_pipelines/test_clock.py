"""Steps: one name and one season however they are spelt, found from the rows, and gaps named where they are."""

import warnings
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipelines.clock import (
    STEP,
    check_regular,
    continue_labels,
    dates_from,
    default_period,
    find_freq,
    is_subdaily,
    read_freq,
    times,
)
from src.errors import DataError

_CALENDARS = [
    *("MS", "ME", "BMS", "BME", "QS", "QE", "QS-FEB", "QE-NOV", "BQE-OCT", "YS", "YE", "YE-JUN", "YS-APR", "BYE-JUN"),
    *("B", "2MS", "6ME", "2YE-JUN", "WOM-3FRI"),
]


def _dates(freq: str, start: str = "2020-01-01", count: int = 60) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq=freq)


def _place(row: int) -> str:
    return f"f.csv line {row + 2}"


@pytest.mark.parametrize(
    ("spellings", "name", "period"),
    [
        (["D", "d", "1D", "24h", "24H", "1440min"], "D", 7),
        (["W", "w", "W-SUN", "W-WED", "7D", "168h"], "7D", 52),
        (["h", "H", "1h", "60min", "60T", "3600s"], "h", 24),
        (["30min", "30T", "0.5h", "1800S"], "30min", 48),
        (["15min", "15T"], "15min", 96),
        (["min", "T", "1min", "60s"], "min", 1440),
        (["4h", "240min"], "4h", 6),
        (["B", "b", "1B"], "B", 5),
        (["2W", "14D"], "14D", 26),
        (["3D"], "3D", 1),
        (["MS", "1MS"], "MS", 12),
        (["ME", "M"], "ME", 12),
        (["BME", "BM"], "BME", 12),
        (["2MS"], "2MS", 6),
        (["5MS"], "5MS", 1),
        (["QS", "QS-JAN"], "QS", 4),
        (["QE", "Q", "QE-DEC"], "QE", 4),
        (["QS-FEB"], "QS-FEB", 4),
        (["YS", "AS", "YS-JAN"], "YS", 1),
        (["YE", "A", "Y", "YE-DEC", "A-DEC"], "YE", 1),
        (["YE-JUN", "A-JUN"], "YE-JUN", 1),
        (["WOM-3FRI"], "WOM-3FRI", 12),
        ([STEP], STEP, 1),
    ],
)
def test_one_step_has_one_name_and_one_season(spellings: Sequence[str], name: str, period: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {read_freq(one) for one in spellings} == {name}
        assert {default_period(one) for one in spellings} == {period}


@pytest.mark.parametrize("freq", ["hourly", "0D", "-1h", "", "step2"])
def test_what_pandas_does_not_know_is_no_frequency(freq: str) -> None:
    with pytest.raises(DataError, match=f"dataset.freq is '{freq}': use a pandas frequency"):
        read_freq(freq)


@pytest.mark.parametrize("freq", ["h", "30min", "15min", "D", "7D", "3D", *_CALENDARS])
def test_the_frequency_of_regular_rows_is_found(freq: str) -> None:
    assert find_freq(_dates(freq)) == freq
    assert check_regular(_dates(freq), None, _place) == freq


def test_rows_in_the_middle_of_months_follow_their_first_day() -> None:
    days = pd.DatetimeIndex([f"{1990 + month // 12}-{month % 12 + 1:02d}-15" for month in range(40)])
    assert [find_freq(days), find_freq(days[::3]), find_freq(days[::12])] == ["MS", "QS", "YS"]
    assert check_regular(days, "MS", _place) == "MS"
    assert continue_labels("1990-12-15", "MS", 3) == ["1990-12-15", "1991-01-15", "1991-02-15"]
    assert continue_labels("1950-11-01", "QS-FEB", 2) == ["1950-11-01", "1951-02-01"]
    assert continue_labels("1950-06-30", "YE-JUN", 2) == ["1950-06-30", "1951-06-30"]
    assert continue_labels("2022-01-03", "7D", 2) == ["2022-01-03", "2022-01-10"]


def test_weeks_begin_on_any_day() -> None:
    assert check_regular(_dates("W-WED"), "W", _place) == "7D"


@given(
    freq=st.sampled_from(["D", "7D", "h", "15min", *_CALENDARS]),
    start=st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2030-12-31").date()),
    count=st.integers(24, 90),
    missing=st.integers(12, 80),
)
def test_one_missing_row_is_named_where_it_is_missing(freq: str, start: object, count: int, missing: int) -> None:
    whole = _dates(freq, str(start), count)
    row = min(missing, count - 2)
    found = find_freq(whole)
    assert dates_from(whole[0], found, count).equals(whole)
    gappy = whole.delete(row)
    with pytest.raises(DataError, match=rf"f.csv line {row + 2}: {whole[row + 1].date()}.* stands where") as caught:
        check_regular(gappy, None, _place)
    assert f"{whole[row].date()}" in str(caught.value) and "31D" not in str(caught.value)


@pytest.mark.parametrize(
    ("freq", "unit"),
    [("MS", "month"), ("BME", "month"), ("QS-FEB", "quarter"), ("YE-JUN", "year"), ("B", "business day"),
     ("7D", "week"), ("D", "day"), ("h", "hour"), ("15min", "15 minutes"), ("2MS", "2 months")],
)  # fmt: skip
def test_a_gap_is_said_in_the_words_of_the_step(freq: str, unit: str) -> None:
    with pytest.raises(DataError, match=rf"line 52: .* \(one row per {unit}\): add the missing rows"):
        check_regular(_dates(freq, count=80).delete(50), None, _place)


@pytest.mark.parametrize(
    ("said", "freq"), [("QE", "QS-FEB"), ("ME", "BME"), ("YE", "YE-JUN"), ("D", "B"), ("30min", "h"), ("MS", "ME")]
)
def test_regular_rows_of_another_frequency_name_it(said: str, freq: str) -> None:
    with pytest.raises(DataError, match=f"do not follow dataset.freq={said} but {freq}: set dataset.freq={freq}$"):
        check_regular(_dates(freq), said, _place)
    assert check_regular(_dates(freq), freq, _place) == freq


def test_labels_continue_in_their_own_form() -> None:
    assert continue_labels("2024-02-28 23:00:00", "h", 2) == ["2024-02-28 23:00:00", "2024-02-29 00:00:00"]
    assert continue_labels("2024-02-28", "D", 2) == ["2024-02-28", "2024-02-29"]
    assert continue_labels("961", "step", 3) == ["961", "962", "963"]
    with pytest.raises(DataError, match="timestamps=none"):
        continue_labels("2024-01-05", "step", 2)


def test_subdaily_is_below_a_day() -> None:
    assert [is_subdaily(freq) for freq in ("h", "15min", "24h", "D", "MS", "step")] == [True, True] + [False] * 4


@pytest.mark.parametrize(
    ("freq", "count", "name"),
    [("30min", 8, "4h"), ("h", 24, "D"), ("15min", 3, "45min"), ("D", 7, "7D"), ("h", 1, "h"), ("MS", 1, "MS")],
)
def test_a_step_of_several_rows_has_a_name(freq: str, count: int, name: str) -> None:
    assert times(freq, count) == name


@pytest.mark.parametrize("freq", ["MS", STEP])
def test_rows_without_a_length_are_not_put_together(freq: str) -> None:
    with pytest.raises(DataError, match="rows_per_step=2 needs rows of one length"):
        times(freq, 2)
