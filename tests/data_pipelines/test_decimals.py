"""Decimal points and commas: told apart where the numbers tell, asked for where they do not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipelines.cells import read_cells
from data_pipelines.decimals import decimal_mark, read, read_numbers
from src.errors import DataError

Writer = Callable[..., Path]


@pytest.mark.parametrize(
    ("separator", "texts", "mark", "values"),
    [
        (";", ["20,5", "7", "-1,25"], ",", [20.5, 7.0, -1.25]),
        (";", ["20,017", "23,180"], ",", [20.017, 23.18]),  # semicolons and commas in every number
        (";", ["1.234,5", "1.234"], ",", [1234.5, 1234.0]),
        (";", ["0,125", "1,250"], ",", [0.125, 1.25]),
        (";", ["20.5", "7"], ".", [20.5, 7.0]),
        (",", ["1,234.5", "1,234"], ".", [1234.5, 1234.0]),
        (",", ["1,234,567", "1,234"], ".", [1234567.0, 1234.0]),
        (",", ["20,5", "7,25"], ",", [20.5, 7.25]),
        (",", ["1.234", "1e-3"], ".", [1.234, 0.001]),
        ("\t", ["2,5e3", "1,5E-2"], ",", [2500.0, 0.015]),
    ],
)
def test_the_mark_follows_from_the_numbers(
    write_csv: Writer, separator: str, texts: list[str], mark: str, values: list[float]
) -> None:
    path = write_csv([f'{row}{separator}"{text}"' for row, text in enumerate(texts)], header=f"date{separator}load")
    cells = read_cells(path)
    assert decimal_mark(cells, ["load"]) == mark
    assert read_numbers(cells, "load", mark).tolist() == values


@pytest.mark.parametrize(
    ("separator", "texts", "shown"),
    [
        (",", ["1,234", "999"], "'1,234'"),
        (";", ["1,234", "999"], "'1,234'"),
        ("\t", ["1,234", "2,345"], "'1,234'"),
        (",", ["1,234.5", "20,5"], "'1,234.5' and '20,5'"),
    ],
)
def test_a_mark_that_the_numbers_do_not_tell_is_asked_for(
    write_csv: Writer, separator: str, texts: list[str], shown: str
) -> None:
    path = write_csv([f'{row}{separator}"{text}"' for row, text in enumerate(texts)], header=f"date{separator}load")
    with pytest.raises(DataError, match=f"series.csv: {shown} can be read .* dataset.decimal=comma or dataset.decimal"):
        decimal_mark(read_cells(path), ["load"])


@given(st.floats(-1e12, 1e12), st.integers(0, 6), st.booleans())
def test_both_marks_write_the_same_numbers(value: float, digits: int, grouped: bool) -> None:
    english = f"{value:{',' if grouped else ''}.{digits}f}"
    german = english.translate({ord(","): ".", ord("."): ","})
    expected = float(english.replace(",", ""))
    assert (read(english, "."), read(german, ",")) == (expected, expected)


@pytest.mark.parametrize("text", ["1.5", "12.34,5", "1,2,3", "1.2345", "2_1", "", "nan", ".125"])
def test_other_texts_are_no_numbers_with_decimal_commas(text: str) -> None:
    assert read(text, ",") is None


def test_a_cell_of_the_other_mark_names_the_key(write_csv: Writer) -> None:
    cells = read_cells(write_csv(["1;20,5", "2;20.25"], header="date;load"))
    with pytest.raises(DataError, match=r"line 3, column 'load': '20.25' is not .* set dataset.decimal=point, or fill"):
        read_numbers(cells, "load", decimal_mark(cells, ["load"]))
