"""The cells of a file: which mark separates them, and what a malformed file is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data_pipelines.cells import SEPARATORS, read_cells
from src.errors import DataError

Writer = Callable[..., Path]


@pytest.mark.parametrize("mark", SEPARATORS.values())
def test_the_separator_is_found(write_csv: Writer, mark: str) -> None:
    rows = [mark.join(["2024-01-01", '"20,5"' if mark == "," else "20,5", f'"a{mark}b"'])]
    cells = read_cells(write_csv(rows, header=mark.join(["date", "load", "note"])))
    assert cells.separator == mark
    assert cells.frame.iloc[0].tolist() == ["2024-01-01", "20,5", f"a{mark}b"]


def test_the_separator_is_asked_for_where_the_lines_do_not_tell(write_csv: Writer) -> None:
    path = write_csv(["1;2,3"], header="a;b,c")
    with pytest.raises(DataError, match=r"may be separated by ',' or ';': set dataset.separator=comma or semicolon"):
        read_cells(path)
    assert list(read_cells(path, "semicolon").frame) == ["a", "b,c"]
    assert list(read_cells(path, ",").frame) == ["a;b", "c"]


def test_columns_and_lines_without_content_are_left_out(write_csv: Writer) -> None:
    cells = read_cells(write_csv(["1;2,5;;", "2;3,5;;", ";;;", ";;;"], header="date;load;;"))
    assert list(cells.frame) == ["date", "load"]
    assert [cells.place(row).rpartition("/")[2] for row in range(2)] == ["series.csv line 2", "series.csv line 3"]


def test_a_column_without_a_name_is_kept(write_csv: Writer) -> None:
    cells = read_cells(write_csv(['"a";1,5'], header='"";"M_1"'))
    assert list(cells.frame) == ["", "M_1"]
    with pytest.raises(DataError, match=r"its columns: '' \(no name\), M_1\): fix"):
        cells.check_column("date", "fix")


def test_ragged_lines_name_the_key(write_csv: Writer) -> None:
    with pytest.raises(DataError, match=r"not a regular CSV .* by ','.*dataset.separator=comma\|semicolon\|tab\|bar"):
        read_cells(write_csv(["1,2", "1,2,3"], header="date,load"))
