"""A user's own labelled series: a CSV file with a column of labels.

Each row is a series whose values stand in the other columns; or, with an id column, rows below each other are the steps
of a series, and the other columns are its channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_pipelines.cells import Cells, read_cells
from data_pipelines.decimals import decimal_mark, read
from data_pipelines.labelled.series import SPLITS, Archive, Labelled
from src.errors import DataError

_EMPTY = ("", "nan", "na", "?", "null")


def read_table(path: Path, label: str, identity: str | None, split: str | None) -> Archive:
    """The series of one file.

    Args:
        label: the column of the classes' names.
        identity: the column that tells apart series that stand below each other; None: each row is one.
        split: the column that says ``train``, ``val`` or ``test``; None: all are of the training part.

    Raises:
        DataError: a column that is not there, text among the values, or a series of two labels; with the line.
    """
    cells = read_cells(path)
    cells.check_column(label, "set dataset.label_column to the one with the classes' names")
    for key, name in (("id_column", identity), ("split_column", split)):
        if name is not None:
            cells.check_column(name, f"correct dataset.{key}")
    values = [str(name) for name in cells.frame.columns if name not in (label, identity, split)]
    if not values:
        raise DataError(f"{path} has no column of values beside '{label}': give one column for each step")
    decimal = decimal_mark(cells, values)
    numbers = np.array([_numbers(cells, name, decimal) for name in values])  # (columns, rows)
    labels = [text.strip() for text in cells.texts(label)]
    if empty := [row for row, text in enumerate(labels) if not text]:
        raise DataError(f"{cells.place(empty[0])}: the label is empty: name the class, or remove the row")
    if identity is None:
        series, first = [_ended(row[None]) for row in numbers.T], list(range(len(labels)))
        channels: list[str] = []
    else:
        first, series = _below(cells, list(cells.texts(identity)), numbers, labels)
        channels = values if len(values) > 1 else []
    return Archive(_parts(cells, split, series, [labels[row] for row in first], first), channels)


def _numbers(cells: Cells, column: str, decimal: str) -> NDArray[np.float64]:
    found = np.full(len(cells.frame), np.nan)
    for row, text in enumerate(cells.texts(column)):
        if text.strip().casefold() in _EMPTY:
            continue
        number = read(text, decimal)
        if number is None:
            raise DataError(
                f"{cells.place(row)}: '{text}' in column '{column}' is no number: remove the column, or name it in "
                "dataset.label_column, dataset.id_column or dataset.split_column"
            )
        found[row] = number
    return found


def _ended(one: NDArray[np.float64]) -> NDArray[np.float64]:
    """A row without the empty cells behind its last value: rows of a table are as long as the longest."""
    held = np.flatnonzero(np.isfinite(one).any(axis=0))
    return one[:, : held[-1] + 1] if len(held) else one


def _below(
    cells: Cells, names: Sequence[str], numbers: NDArray[np.float64], labels: Sequence[str]
) -> tuple[list[int], list[NDArray[np.float64]]]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    for name, places in rows.items():
        if (other := next((row for row in places if labels[row] != labels[places[0]]), None)) is not None:
            raise DataError(
                f"{cells.place(other)}: series '{name}' is '{labels[places[0]]}' above and '{labels[other]}' here: "
                "each series has one class"
            )
    return [places[0] for places in rows.values()], [numbers[:, places] for places in rows.values()]


def _parts(
    cells: Cells, split: str | None, series: Sequence[NDArray[np.float64]], labels: Sequence[str], first: Sequence[int]
) -> dict[str, Labelled]:
    whole = Labelled(series, labels)
    if split is None:
        return {"train": whole}
    given = [cells.texts(split)[row].strip().lower() for row in first]
    if (bad := next((place for place, name in enumerate(given) if name not in SPLITS), None)) is not None:
        raise DataError(
            f"{cells.place(first[bad])}: '{given[bad]}' in column '{split}' is no part: write {', '.join(SPLITS)}"
        )
    if "train" not in given:
        raise DataError(f"{cells.path}: no row of column '{split}' says train: there is nothing to learn from")
    return {
        name: whole.take([place for place, one in enumerate(given) if one == name]) for name in SPLITS if name in given
    }
