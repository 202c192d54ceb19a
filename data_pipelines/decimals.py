"""Columns of numbers as people write them: decimal point or comma, digits in groups of three.

pandas reads both marks too, but takes "1,5" for 15 where commas group digits, and names no line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from data_pipelines.cells import Cells
from src.errors import DataError
from src.tasks.numbers import read_number

DECIMALS = {"point": ".", "comma": ","}
_OTHER = {".": ",", ",": "."}
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)


def decimal_mark(cells: Cells, columns: Iterable[str]) -> str:
    """The mark before decimals in these columns.

    A comma is one where it cannot group digits (``20,5``). Where all could, as in ``20,017``, a file whose cells are
    separated by semicolons has decimal commas if every cell has one: semicolons stand where commas are taken.

    Raises:
        DataError: the texts do not tell.
    """
    columns = list(columns)
    if not any("," in text for column in columns for text in cells.texts(column)):
        return "."
    texts = [text.strip() for column in columns for text in cells.texts(column)]
    commas = [text for text in texts if "," in text]
    unclear = [text for text in commas if _ONE_GROUP.fullmatch(text)]
    marks = {mark: [text for text in texts if _tells(text, mark)] for mark in ".,"}
    told = [mark for mark, examples in marks.items() if examples]
    if len(told) == 1:
        return told[0]
    if not told and cells.separator == ";" and len(commas) == len([text for text in texts if text]):
        return ","
    shown = " and ".join(repr(marks[mark][0]) for mark in told) or repr((unclear or commas)[0])
    raise DataError(
        f"{cells.path}: {shown} can be read with decimal points or decimal commas: set dataset.decimal=comma or "
        "dataset.decimal=point"
    )


def _tells(text: str, mark: str) -> bool:
    """Whether a number can only be read with this decimal mark."""
    return "," in text and read(text, mark) is not None and read(text, _OTHER[mark]) is None


def read(text: str, decimal: str) -> float | None:
    """The number that a text names; None for anything else.

    Args:
        decimal: ``.`` or ``,``; the other mark groups digits by three, as in ``1,234.5``.
    """
    group = _OTHER[decimal]
    if group in text:
        grouped = rf"\s*[+-]?[1-9]\d{{0,2}}(\{group}\d{{3}})+(\{decimal}\d*)?\s*"
        if not re.fullmatch(grouped, text, re.ASCII):
            return None
        text = text.replace(group, "")
    return read_number(text.replace(decimal, "."))


def read_numbers(cells: Cells, column: str, decimal: str) -> NDArray[np.float64]:
    """The exact values that the texts of a column name, (N,).

    Raises:
        DataError: a cell that is empty or no finite number; with the line.
    """
    texts: Sequence[str] = cells.texts(column)
    values = np.empty(len(texts))
    for row, text in enumerate(texts):
        value = read(text, decimal)
        if value is not None:
            values[row] = value
            continue
        shown = " ".join(text.split())[:40]
        problem = f"'{shown}' is not a finite number" if shown else "the cell is empty"
        word = next(word for word, mark in DECIMALS.items() if mark == _OTHER[decimal])
        otherwise = f"set dataset.decimal={word}, " if read(text, _OTHER[decimal]) is not None else ""
        raise DataError(
            f"{cells.place(row)}, column '{column}': {problem}: correct it, {otherwise}or fill it in "
            "(for example by linear interpolation)"
        )
    return values
