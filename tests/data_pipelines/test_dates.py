"""Date columns: the forms that are read, what is said of them, and every kind of irregular column."""

import warnings
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_pipelines.dates import OrderError, from_columns, is_time_of_day, read_dates
from src.errors import DataError


def _place(row: int) -> str:
    return f"f.csv line {row + 2}"


def _written(form: str, start: str = "2022-01-03", count: int = 240, freq: str = "h") -> list[str]:
    return list(pd.date_range(start, periods=count, freq=freq).strftime(form))


def test_labels_have_a_time_of_day_only_below_a_day() -> None:
    assert read_dates(["1990/1/1 0:00", "1990/1/2 0:00"], None, _place).labels == ("1990-01-01", "1990-01-02")
    assert read_dates(["2020/1/1 0:00", "2020/1/1 0:15"], None, _place).labels == (
        "2020-01-01 00:00:00",
        "2020-01-01 00:15:00",
    )


def test_a_counter_becomes_whole_numbers() -> None:
    dates = read_dates(["1.0", "2.0", "3.0"], "step", _place)
    assert (dates.labels, dates.freq) == (("1", "2", "3"), "step")


def test_trading_days_are_consecutive_rows_when_told_so() -> None:
    days = ["2024-01-05", "2024-01-08", "2024-01-10"]
    assert read_dates(days, "step", _place).labels == tuple(days)


def test_utc_timestamps_lose_their_zone() -> None:
    dates = read_dates(["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"], None, _place)
    assert dates.labels[1] == "2024-01-01 01:00:00"


@pytest.mark.parametrize(
    ("texts", "freq", "message"),
    [
        (["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 01:00"], None, "line 4 repeats the timestamp"),
        (["2024-01-01 00:00", "2024-01-01 02:00", "2024-01-01 01:00"], None, "line 4: .* sort the rows by date"),
        (
            ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 04:00"],
            None,
            "line 5: 2024-01-01 04:00:00 stands where 2024-01-01 03:00:00 is due .* dataset.freq=step",
        ),
        (["2024-01-01 00:00", "2024-01-01 01:00"], "30min", "do not follow dataset.freq=30min but h"),
        (["2024-01-01 00:00", "yesterday"], None, "line 3: 'yesterday' is not a date"),
        (["13/01/2022", "14/01/2022", "soon"], None, "line 4: 'soon' is not a date"),
        (["1", "2", "4"], "step", "line 4: the counter goes from 2 to 4"),
        (["3", "2", "1"], "step", "line 3: the counter goes from 3 to 2"),
        (["2024-01-02", "2024-01-01"], "step", "sort the rows by date"),
        (["2024-01-01 00:00", "2024-01-01 01:00"], "hourly", "dataset.freq is 'hourly'"),
        (["2024-03-31T00:00+00:00", "2024-03-31T03:00+02:00"], None, "line 3: .* another time zone .* in UTC"),
        (["2024-01-01"], None, "give a longer series"),
        (["1.0", "2.0"], None, "dataset.freq=step"),
    ],
)
def test_irregular_dates_are_refused_with_the_line_and_the_fix(
    texts: list[str], freq: str | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_dates(texts, freq, _place)


def test_a_given_form_reads_other_dates() -> None:
    dates = read_dates(["01.02.2024 00:00", "01.02.2024 01:00"], None, _place, "%d.%m.%Y %H:%M")
    assert dates.labels[0] == "2024-02-01 00:00:00" and dates.note == ""


@pytest.mark.parametrize(
    "form", ["%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M", "%Y%m%d%H"]
)
@pytest.mark.parametrize("start", ["2022-01-03", "2022-01-13", "2022-12-31"])
def test_the_order_of_day_and_month_follows_from_the_rows_without_a_warning(form: str, start: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dates = read_dates(_written(form, start), None, _place)
    assert list(dates.labels) == _written("%Y-%m-%d %H:%M:%S", start)


def test_the_order_of_day_and_month_is_said_where_it_was_a_choice() -> None:
    dates = read_dates(_written("%d/%m/%Y %H:%M"), None, _place)
    assert dates.note == "dates read by %d/%m/%Y %H:%M (03/01/2022 00:00 is 2022-01-03)"
    assert read_dates(_written("%d/%m/%Y", "2022-01-13", 40, "D"), None, _place).note == ""
    assert read_dates(_written("%Y-%m-%d", freq="D"), None, _place).note == ""


@pytest.mark.parametrize(
    "texts",
    [
        ["01/02/2020 00:00", "01/02/2020 01:00", "01/02/2020 02:00"],  # a single day
        [f"{number:02d}/02/2020" for number in range(1, 12)],  # days of February or second days of months
        ["01.02.2020", "01.03.2020", "01.04.2020", "01.05.2020"],
    ],
)
def test_an_order_of_day_and_month_that_the_rows_do_not_tell_is_asked_for(texts: list[str]) -> None:
    with pytest.raises(DataError, match=rf"line 2: '{texts[0]}' may be 2020-01-02 or 2020-02-01.*dataset.date_format="):
        read_dates(texts, None, _place)


@example(start=pd.Timestamp("2031-01-13"), unit="s", freq="15min", decimals="")  # begins as 1926032...
@given(
    start=st.datetimes(pd.Timestamp("1975-01-01"), pd.Timestamp("2099-01-01")),
    unit=st.sampled_from(["s", "ms", "us", "ns"]),
    freq=st.sampled_from(["h", "D", "MS", "15min"]),
    decimals=st.sampled_from(["", ".0"]),
)
def test_moments_since_1970_are_dates(start: pd.Timestamp, unit: str, freq: str, decimals: str) -> None:
    expected = pd.date_range(pd.Timestamp(start).floor("D"), periods=30, freq=freq).as_unit("s")
    texts = [f"{number}{decimals}" for number in expected.as_unit(unit).asi8]
    dates = read_dates(texts, None, _place)
    assert (dates.freq, [pd.Timestamp(label) for label in dates.labels]) == (freq, list(expected))
    assert dates.note == f"dates read as {unit} since 1970 in UTC ({texts[0]} is {expected[0]})"


def test_compact_dates_are_not_moments() -> None:
    for form in ("%Y%m%d%H", "%Y%m%d%H%M"):
        assert read_dates(_written(form), None, _place).labels[:2] == ("2022-01-03 00:00:00", "2022-01-03 01:00:00")
    assert read_dates(_written("%Y%m%d", freq="D"), None, _place).labels[0] == "2022-01-03"


@pytest.mark.parametrize(
    "write",
    [
        lambda time: str(time.hour),
        lambda time: f"{time:%H.%M.%S}",
        lambda time: f"{time:%H:%M}",
        lambda time: f"{time:%H%M}",
    ],
)
def test_a_time_of_day_stands_in_a_second_column(write: Callable[[pd.Timestamp], str]) -> None:
    moments = pd.date_range("2022-01-03", periods=72, freq="h")
    columns = {"day": list(moments.strftime("%d/%m/%Y")), "hour": [write(time) for time in moments]}
    dates, hours = from_columns(columns)
    assert read_dates(dates, None, _place, None, hours).labels == tuple(moments.strftime("%Y-%m-%d %H:%M:%S"))
    assert is_time_of_day("hour", columns["hour"])


def test_hours_may_end_at_24() -> None:
    dates = read_dates(["2022-01-03", "2022-01-03", "2022-01-04"], None, _place, None, ["23", "24", "1"])
    assert dates.labels[1] == "2022-01-04 00:00:00"


def test_parts_of_dates_stand_in_columns_of_their_names() -> None:
    columns = {"year": ["2010", "2010"], "month": ["1", "1"], "day": ["2", "2"], "hour": ["9", "10"]}
    assert from_columns(columns) == (["2010-1-2", "2010-1-2"], ["09", "10"])
    assert from_columns({name: columns[name] for name in ("year", "month", "day")}) == (["2010-1-2"] * 2, None)
    with pytest.raises(DataError, match=r"dataset.date_column=\[year,month,time\]: name a column"):
        from_columns({"year": [], "month": [], "time": []})


def test_a_cell_that_is_no_time_of_day_is_named() -> None:
    with pytest.raises(DataError, match="line 3: 'noon' is not a time of day: write an hour"):
        read_dates(["2022-01-03"] * 2, None, _place, None, ["11", "noon"])


def test_small_numbers_are_hours_only_where_they_are_those_of_a_day() -> None:
    assert is_time_of_day("n", [str(hour) for hour in range(24)] * 2)
    assert is_time_of_day("Hour", ["1", "2"]) and not is_time_of_day("store", ["1", "2"])
    assert not is_time_of_day("hour", ["1", "x"])


def test_the_row_out_of_order_is_told() -> None:
    with pytest.raises(OrderError) as caught:
        read_dates(["2022-01-03", "2022-01-04", "2022-01-03"], None, _place)
    assert caught.value.row == 2
