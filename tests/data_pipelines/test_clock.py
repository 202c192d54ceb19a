"""Timestamps: found frequencies, labels, and every kind of irregular date column."""

import pandas as pd
import pytest

from data_pipelines.clock import STEP, continue_labels, default_period, is_subdaily, read_clock, times, week
from src.errors import DataError


def _dates(freq: str, count: int = 60) -> list[str]:
    return [str(time) for time in pd.date_range("2020-01-01", periods=count, freq=freq)]


@pytest.mark.parametrize(
    ("freq", "found", "period"),
    [
        ("h", "h", 24),
        ("30min", "30min", 48),
        ("15min", "15min", 96),
        ("D", "D", 7),
        ("B", "B", 5),
        ("7D", "7D", 1),
        ("MS", "MS", 12),
        ("QE", "QE", 4),
        ("YS", "YS", 1),
    ],
)
def test_the_frequency_is_found_and_gives_the_period(freq: str, found: str, period: int) -> None:
    clock = read_clock(_dates(freq), None, "f.csv")
    assert clock.freq == found
    assert default_period(clock.freq) == period


def test_labels_have_a_time_of_day_only_below_a_day() -> None:
    assert read_clock(["1990/1/1 0:00", "1990/1/2 0:00"], None, "f.csv").labels == (
        "1990-01-01",
        "1990-01-02",
    )
    assert read_clock(["2020/1/1 0:00", "2020/1/1 0:15"], None, "f.csv").labels == (
        "2020-01-01 00:00:00",
        "2020-01-01 00:15:00",
    )


def test_a_counter_becomes_whole_numbers() -> None:
    clock = read_clock(["1.0", "2.0", "3.0"], "step", "f.csv")
    assert clock == type(clock)(("1", "2", "3"), "step")


def test_trading_days_are_consecutive_rows_when_told_so() -> None:
    days = ["2024-01-05", "2024-01-08", "2024-01-10"]
    assert read_clock(days, "step", "f.csv").labels == tuple(days)


def test_utc_timestamps_lose_their_zone() -> None:
    clock = read_clock(["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"], None, "f.csv")
    assert clock.labels[1] == "2024-01-01 01:00:00"


@pytest.mark.parametrize(
    ("texts", "freq", "message"),
    [
        (["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 01:00"], None, "line 4 repeats the timestamp"),
        (
            ["2024-01-01 00:00", "2024-01-01 02:00", "2024-01-01 01:00"],
            None,
            "line 4: .* sort the rows by date",
        ),
        (
            ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 04:00"],
            None,
            "line 5: 2024-01-01 04:00:00 stands where 2024-01-01 03:00:00 is due .* dataset.freq=step",
        ),
        (["2024-01-01 00:00", "2024-01-01 01:00"], "30min", r"line 3: .* \(one row per 30min\)"),
        (["2024-01-01 00:00", "yesterday"], None, "line 3: 'yesterday' is not a date"),
        (["1", "2", "4"], "step", "line 4: the counter goes from 2 to 4"),
        (["3", "2", "1"], "step", "line 3: the counter goes from 3 to 2"),
        (["2024-01-02", "2024-01-01"], "step", "sort the rows by date"),
        (["2024-01-01 00:00", "2024-01-01 01:00"], "hourly", "dataset.freq is 'hourly'"),
        (["2024-03-31T00:00+00:00", "2024-03-31T03:00+02:00"], None, "in UTC|is not a date"),
        (["2024-01-01"], None, "give a longer series"),
        (["1.0", "2.0"], None, "dataset.freq=step"),
    ],
)
def test_irregular_dates_are_refused_with_the_line_and_the_fix(
    texts: list[str], freq: str | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_clock(texts, freq, "f.csv")


def test_a_given_form_reads_other_dates() -> None:
    clock = read_clock(["01.02.2024 00:00", "01.02.2024 01:00"], None, "f.csv", "%d.%m.%Y %H:%M")
    assert clock.labels[0] == "2024-02-01 00:00:00"


def test_labels_continue_in_their_own_form() -> None:
    assert continue_labels("2024-02-28 23:00:00", "h", 2) == ["2024-02-28 23:00:00", "2024-02-29 00:00:00"]
    assert continue_labels("2024-02-28", "D", 2) == ["2024-02-28", "2024-02-29"]
    assert continue_labels("961", "step", 3) == ["961", "962", "963"]
    with pytest.raises(DataError, match="timestamps=none"):
        continue_labels("2024-01-05", "step", 2)


def test_subdaily_is_below_a_day() -> None:
    assert [week(freq) for freq in ("h", "4h", "15min", "5h", "D", "MS", "step")] == [168, 42, 672, *[None] * 4]
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
