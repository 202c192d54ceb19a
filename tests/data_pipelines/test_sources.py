"""Reading CSV files: the public forms, and one clear sentence for each way a file can be wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_pipelines.sources import Layout, read_csv
from src.errors import DataError

HOURS = [f"2024-01-01 {hour:02d}:00:00" for hour in range(24)]
Writer = Callable[..., Path]


def test_values_are_exact_and_columns_are_chosen(write_csv: Writer) -> None:
    path = write_csv([f"{HOURS[0]},0.1,7", f"{HOURS[1]},5.827000141143799,-1e-3"], header="date,a,b")
    table = read_csv(path, None)
    assert table.freq == "h"
    assert table.values["a"].tolist() == [0.1, 5.827000141143799]
    assert list(read_csv(path, ["b"]).values) == ["b"]
    assert read_csv(path, ["b"]).values["b"].tolist() == [7.0, -0.001]


def test_a_file_without_dates_is_numbered(write_csv: Writer) -> None:
    table = read_csv(write_csv(["1", "2", "5"], header="load"), ["load"], Layout(dates=()))
    assert (table.labels, table.freq) == (("1", "2", "3"), "step")


def test_the_digest_follows_every_value_and_label(write_csv: Writer) -> None:
    rows = [f"{hour},{i}" for i, hour in enumerate(HOURS)]
    first = read_csv(write_csv(rows), None).digest()
    assert read_csv(write_csv(rows), None).digest() == first
    assert read_csv(write_csv([*rows[:-1], f"{HOURS[-1]},23.0000001"]), None).digest() != first
    assert read_csv(write_csv(rows, header="date,other"), None).digest() != first


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (
            [f"{HOURS[0]},1", f"{HOURS[1]},abc"],
            "date,load",
            "line 3, column 'load': 'abc' is not a finite number",
        ),
        ([f"{HOURS[0]},1", f"{HOURS[1]},12.3 kW"], "date,load", "'12.3 kW' is not a finite number"),
        ([f"{HOURS[0]},1", f"{HOURS[1]},"], "date,load", "line 3, column 'load': the cell is empty"),
        ([f"{HOURS[0]},1", f"{HOURS[1]}"], "date,load", "line 3, column 'load': the cell is empty"),
        ([f"{HOURS[0]},nan", f"{HOURS[1]},1"], "date,load", "line 2, column 'load': 'nan' is not a finite"),
        ([f"{HOURS[0]},1", f"{HOURS[1]},-inf"], "date,load", "'-inf' is not a finite number"),
        ([f"{HOURS[0]},1", "", f"{HOURS[1]},2"], "date,load", "line 3"),
        ([f"{HOURS[0]},1,2", f"{HOURS[1]},1,2"], "date,load", "not a regular CSV"),
        ([f"{HOURS[0]},1", f"{HOURS[1]},1,2"], "date,load", "not a regular CSV"),
        ([f"{HOURS[0]} 1"], "date load", r"no column 'date' \(its columns: date load\)"),
        ([f"{HOURS[0]},1,2"], "date,load,load", "two columns 'load': rename one"),
        ([], "date,load", "a header but no rows"),
        ([f"{HOURS[0]},1"], "time,load", "no column 'date' .*time, load.*dataset.date_column=NAME"),
        ([f"{HOURS[0]},1"], "date,power", "no column 'load' .*date, power.*dataset.target"),
    ],
)
def test_a_malformed_file_is_refused_with_one_sentence(
    write_csv: Writer, rows: list[str], header: str, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_csv(write_csv(rows, header=header), ["load"])
    assert "\n" not in str(caught.value)
    assert "series.csv" in str(caught.value)


def test_missing_empty_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a file: check the path"):
        read_csv(tmp_path / "none.csv", ["load"])
    with pytest.raises(DataError, match="is not a file: check the path"):
        read_csv(tmp_path, ["load"])
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match=r"empty.csv is empty"):
        read_csv(tmp_path / "empty.csv", ["load"])
    (tmp_path / "binary.csv").write_bytes(b"date,load\n\xff\xfe\x00\x9f,1\n")
    with pytest.raises(DataError, match="not a UTF-8 text file"):
        read_csv(tmp_path / "binary.csv", ["load"])


def test_a_byte_order_mark_and_blank_lines_at_the_end_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "bom.csv"
    path.write_bytes(b"\xef\xbb\xbf date , load \r\n2024-01-01,1\r\n2024-01-02,2\r\n\r\n\r\n")
    assert read_csv(path, ["load"]).values["load"].tolist() == [1.0, 2.0]


def test_the_date_column_is_no_target(write_csv: Writer) -> None:
    with pytest.raises(DataError, match=r"dataset.target names the date column"):
        read_csv(write_csv([f"{HOURS[0]},1"]), ["date"])


@pytest.mark.parametrize(
    ("file", "rows", "columns", "freq", "first", "last"),
    [
        ("ett/ETTh1.csv", 17420, 7, "h", "2016-07-01 00:00:00", "2018-06-26 19:00:00"),
        ("ett/ETTh2.csv", 17420, 7, "h", "2016-07-01 00:00:00", "2018-06-26 19:00:00"),
        ("exchange/exchange.csv", 7588, 8, "D", "1990-01-01", "2010-10-10"),
    ],
)
def test_public_files_are_regular(
    shared_data: Path, file: str, rows: int, columns: int, freq: str, first: str, last: str
) -> None:
    table = read_csv(shared_data / file, None)
    assert (len(table.labels), len(table.values), table.freq) == (rows, columns, freq)
    assert (table.labels[0], table.labels[-1]) == (first, last)


def test_nasdaq_counts_its_rows(shared_data: Path) -> None:
    table = read_csv(shared_data / "nasdaq/nasdaq.csv", None, Layout(freq="step"))
    assert (table.labels[0], table.labels[-1], len(table.labels)) == ("1", "1244", 1244)
    assert np.isclose(table.values["Close"][0], 0.602604)


@pytest.mark.parametrize("cell", ["2_1", "\u0662\u0661", "\uff12", "nan", "inf", "1e400"])
def test_only_the_numbers_of_answers_are_numbers_in_files(write_csv: Callable[..., Path], cell: str) -> None:
    path = write_csv([f"{HOURS[0]},1", f"{HOURS[1]},{cell}"])
    with pytest.raises(DataError, match=f"line 3, column 'load': '{cell}' is not a finite number"):
        read_csv(path, None)


def _days(count: int = 20, start: str = "2024-01-13") -> list[str]:
    return [str(day.date()) for day in pd.date_range(start, periods=count)]


def test_series_below_each_other_become_channels(write_csv: Writer) -> None:
    stacked = [
        f"{name},{day},{scale * row}" for name, scale in (("P", 1), ("Q", 10)) for row, day in enumerate(_days())
    ]
    by_date = sorted(stacked, key=lambda line: line.split(",")[1])
    layout = Layout(dates=("ds",), ids=("unique_id",))
    for rows in (stacked, by_date):
        table = read_csv(write_csv(rows, header="unique_id,ds,y"), ["y"], layout)
        assert list(table.values) == ["P", "Q"]
        assert table.labels == tuple(_days())
        assert table.values["Q"].tolist() == [10.0 * row for row in range(20)]
        alone = read_csv(write_csv(rows, header="unique_id,ds,y"), ["y"], replace(layout, series=("Q",)))
        assert list(alone.values) == ["Q"]


def test_several_values_of_series_below_each_other_have_both_names(write_csv: Writer) -> None:
    rows = [f"{name},{day},1,2" for name in ("P", "Q") for day in _days()]
    table = read_csv(write_csv(rows, header="id,date,a,b"), ["a", "b"], Layout(ids=("id",)))
    assert list(table.values) == ["P a", "P b", "Q a", "Q b"]


@pytest.mark.parametrize(("first", "second"), [("2024-01-13", "2024-01-05"), ("2024-03-01", "2024-01-05")])
def test_series_below_each_other_are_recognised_by_their_blocks(write_csv: Writer, first: str, second: str) -> None:
    starts = (("P", first), ("Q", second))
    rows = [f"{name},{day},{row % 2},1" for name, start in starts for row, day in enumerate(_days(start=start))]
    with pytest.raises(DataError, match=r"told apart by 'id' \(P, Q\): .* dataset.id_column=id"):
        read_csv(write_csv(rows, header="id,date,flag,y"), ["y"])
    unsorted = [f"{day},{row % 2},1" for row, day in enumerate(_days()[::-1])]
    with pytest.raises(DataError, match="sort the rows by date"):
        read_csv(write_csv(unsorted, header="date,flag,y"), ["y"])


def test_series_may_be_told_apart_by_several_columns(write_csv: Writer) -> None:
    rows = [f"{shop},{item},{day},1" for shop in "12" for item in "xy" for day in _days()]
    path = write_csv(rows, header="shop,item,date,sales")
    with pytest.raises(
        DataError, match=r"'shop' and 'item' \(1 x, 1 y, 2 x, 2 y\): .*'dataset.id_column=\[shop,item\]'"
    ):
        read_csv(path, ["sales"])
    assert list(read_csv(path, ["sales"], Layout(ids=("shop", "item"))).values) == ["1 x", "1 y", "2 x", "2 y"]


def test_columns_of_parts_of_dates_are_named(write_csv: Writer) -> None:
    path = write_csv([f"2024,1,2,{hour},5" for hour in range(24)], header="Year,Month,Day,Hour,v")
    with pytest.raises(DataError, match=r"'dataset.date_column=\[Year,Month,Day,Hour\]'"):
        read_csv(path, ["v"])
    assert read_csv(path, ["v"], Layout(dates=("Year", "Month", "Day", "Hour"))).labels[23] == "2024-01-02 23:00:00"


@pytest.mark.parametrize("order", ["stacked", "by date"])
def test_series_below_each_other_are_recognised(write_csv: Writer, order: str) -> None:
    rows = [f"{name},{day},{row / 7}" for name in ("1", "2") for row, day in enumerate(_days())]
    rows = rows if order == "stacked" else sorted(rows, key=lambda line: line.split(",")[1])
    with pytest.raises(DataError, match=r"told apart by 'store' \(1, 2\): .* dataset.id_column=store"):
        read_csv(write_csv(rows, header="store,date,sales"), ["sales"])


def test_series_of_different_dates_are_chosen_by_name_and_lines_are_the_files(write_csv: Writer) -> None:
    rows = [f"P,{day},1" for day in _days()] + [f"Q,{day},2" for day in _days(18)]
    path = write_csv(rows, header="id,date,y")
    with pytest.raises(
        DataError, match=r"'Q' \(18 rows, 2024-01-13 to 2024-01-30\) has other dates than 'P' .*series="
    ):
        read_csv(path, ["y"], Layout(ids=("id",)))
    assert list(read_csv(path, ["y"], Layout(ids=("id",), series=("Q",))).values) == ["Q"]
    with pytest.raises(DataError, match=r"no series 'R' in id \(P, Q\)"):
        read_csv(path, ["y"], Layout(ids=("id",), series=("R",)))
    rows[25] = "Q,2024-01-18,many"
    with pytest.raises(DataError, match="line 27, column 'y': 'many' is not"):
        read_csv(write_csv(rows, header="id,date,y"), ["y"], Layout(ids=("id",), series=("Q",)))
    with pytest.raises(DataError, match="line 27: 2024-01-19 stands where 2024-01-18 is due"):
        read_csv(write_csv(rows[:25] + rows[26:], header="id,date,y"), ["y"], Layout(ids=("id",), series=("Q",)))


def test_a_time_of_day_in_its_own_column_is_recognised_and_read(write_csv: Writer) -> None:
    rows = [f"{day},{hour},{hour / 7}" for day in _days(3) for hour in range(24)]
    path = write_csv(rows, header="date,hour,v")
    with pytest.raises(
        DataError, match=r"in another column, 'hour': read both with 'dataset.date_column=\[date,hour\]'"
    ):
        read_csv(path, ["v"])
    table = read_csv(path, ["v"], Layout(dates=("date", "hour")))
    assert (table.freq, table.labels[25]) == ("h", "2024-01-14 01:00:00")


def test_repeated_rows_without_an_explanation_are_not_to_be_thrown_away_unseen(write_csv: Writer) -> None:
    with pytest.raises(DataError, match=r"line 3 repeats .*dataset.id_column.*only where two rows are the same"):
        read_csv(write_csv([f"{HOURS[0]},1", f"{HOURS[0]},2"]), ["load"])


def test_what_was_understood_is_said_in_one_line_and_only_where_it_could_be_otherwise(write_csv: Writer) -> None:
    said: list[str] = []
    rows = [f"{day:%d/%m/%Y};{row},5" for row, day in enumerate(pd.date_range("2024-01-03", periods=20))]
    read_csv(path := write_csv(rows, header="date;load"), None, log=said.append)
    read_csv(write_csv([f"{day},1.5" for day in _days()]), None, log=said.append)
    form = "dates read by %d/%m/%Y (03/01/2024 is 2024-01-03)"
    assert said == [f"note: {path}: cells separated by ';', decimal commas, {form}"]
    written = Layout(separator="semicolon", decimal="comma", date_format="%d/%m/%Y")
    read_csv(write_csv(rows, header="date;load"), None, written, said.append)
    assert len(said) == 1


def test_an_unnamed_column_of_dates_is_named_by_its_empty_name(write_csv: Writer) -> None:
    path = write_csv([f"{day},1.5" for day in _days()], header=",load")
    with pytest.raises(DataError, match=r"""'dataset.date_column=""' is the one without a name"""):
        read_csv(path, ["load"])
    assert read_csv(path, ["load"], Layout(dates=("",))).labels[0] == "2024-01-13"
