"""Read the series of a CSV file: dates, and one column per channel or one below the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_pipelines.cells import Cells, read_cells
from data_pipelines.clock import STEP
from data_pipelines.dates import Dates, OrderError, from_columns, is_time_of_day, named_parts, read_dates
from data_pipelines.decimals import DECIMALS, decimal_mark, read_numbers
from src.config.quoting import typed
from src.errors import DataError

_MOST_SHOWN = 5
_AT_ONCE = 100_000


@dataclass(frozen=True)
class SeriesTable:
    """N aligned rows: channel -> (N,) float64 in original units, and N timestamps as ``labels``."""

    values: dict[str, NDArray[np.float64]]
    labels: Sequence[str]
    freq: str

    def digest(self) -> str:
        """The sha256 of the content: labels, channel names and exact values."""
        checksum = hashlib.sha256(self.freq.encode())
        for first in range(0, len(self.labels), _AT_ONCE):
            checksum.update("".join(f"\n{label}" for label in self.labels[first : first + _AT_ONCE]).encode())
        for name, column in self.values.items():
            checksum.update(f"\n{name}\n".encode())
            checksum.update(column.astype("<f8").tobytes())
        return checksum.hexdigest()


@dataclass(frozen=True)
class Layout:
    """Where dates and series stand in a file, and how they are written; see ``conf/dataset/_forecast.yaml``.

    Args:
        dates: the columns of the dates; none: the rows are numbered from 1.
        ids: the columns that tell apart series that stand below each other; none: there is one.
        series: the names of those to take, the cells of ``ids`` with a space between; none: all.
        freq: None: found from the dates.
        date_format: None: found from the dates.
        separator: None: found from the lines.
        decimal: None: found from the numbers.
    """

    dates: Sequence[str] = ("date",)
    ids: Sequence[str] = ()
    series: Sequence[str] = ()
    freq: str | None = None
    date_format: str | None = None
    separator: str | None = None
    decimal: str | None = None


def read_csv(
    path: Path, targets: list[str] | None, layout: Layout = Layout(), log: Callable[[str], None] = print
) -> SeriesTable:
    """Read the columns ``targets`` (None: all others) of a CSV file.

    Args:
        log: is told how the file was understood where it could be otherwise.

    Raises:
        DataError: anything that cannot be a regular series of finite numbers; with the line.
    """
    cells = read_cells(path, layout.separator)
    given, targets = targets or [], _check_columns(cells, targets, layout)
    decimal = DECIMALS.get(layout.decimal, layout.decimal) if layout.decimal else decimal_mark(cells, targets)
    values: dict[str, NDArray[np.float64]] = {}
    dates: Dates | None = None
    for name, part in _series(cells, layout).items():
        found = _dates(part, layout, given)
        if dates is not None and found != dates:
            raise DataError(
                f"{path}: series '{name}' ({_extent(found)}) has other dates than '{next(iter(values))}' "
                f"({_extent(dates)}): choose series of the same dates with dataset.series=[NAME,...]"
            )
        dates = found
        for target in targets:
            channel = (name if len(targets) == 1 else f"{name} {target}") if layout.ids else target
            values[channel] = read_numbers(part, target, decimal)
    assert dates is not None
    said = [
        f"cells separated by {cells.separator!r}" if cells.separator != "," and not layout.separator else "",
        "decimal commas" if decimal == "," and not layout.decimal else "",
        dates.note,
    ]
    if any(said):
        log(f"note: {path}: {', '.join(one for one in said if one)}")
    return SeriesTable(values, dates.labels, dates.freq)


def column_names(path: Path, separator: str | None = None) -> list[str]:
    """The names in the header of a CSV file.

    Raises:
        DataError: it cannot be read.
    """
    return [str(name) for name in read_cells(path, separator).frame.columns]


def _check_columns(cells: Cells, targets: list[str] | None, layout: Layout) -> list[str]:
    """The columns to read."""
    unnamed = f" ({typed('dataset.date_column', '')} is the one without a name)" if "" in cells.frame.columns else ""
    parts = named_parts(map(str, cells.frame.columns))
    fix = typed("dataset.date_column", parts) if parts else f"dataset.date_column=NAME{unnamed}"
    for name in layout.dates:
        cells.check_column(
            name,
            f"name the one with the timestamps with {fix}, or set dataset.date_column=null if there is none",
        )
    for name in layout.ids:
        cells.check_column(name, "correct dataset.id_column")
    taken = [*layout.dates, *layout.ids]
    free = [str(name) for name in cells.frame.columns if name not in taken]
    for name in targets or free:
        cells.check_column(name, "correct dataset.target")
        if name in taken:
            kind = "id" if name in layout.ids else "date"
            raise DataError(f"dataset.target names the {kind} column '{name}': choose one of {', '.join(free)}")
    if not len(cells.frame):
        raise DataError(f"{cells.path} has a header but no rows: give a file with data")
    return targets or free


def _series(cells: Cells, layout: Layout) -> dict[str, Cells]:
    """The series that stand below each other, by name; the whole file is one without ``ids``."""
    if not layout.ids:
        return {"": cells}
    names = [" ".join(row) for row in zip(*map(cells.texts, layout.ids), strict=True)]
    rows = cells.frame.groupby(np.array(names, dtype=object), sort=False).indices
    known = list(dict.fromkeys(names))
    for name in layout.series:
        if name not in rows:
            raise DataError(
                f"{cells.path} has no series '{name}' in {' and '.join(layout.ids)} ({_some(known)}): correct "
                "dataset.series"
            )
    return {name: cells.rows(np.asarray(rows[name])) for name in layout.series or known}


def _dates(cells: Cells, layout: Layout, targets: Sequence[str]) -> Dates:
    if not layout.dates:
        return Dates(tuple(str(number) for number in range(1, len(cells.frame) + 1)), STEP)
    texts, times = from_columns({name: cells.texts(name) for name in layout.dates})
    try:
        return read_dates(texts, layout.freq, cells.place, layout.date_format, times)
    except OrderError as error:
        if fix := _stands_elsewhere(cells, layout, targets):
            raise DataError(f"{cells.place(error.row)}: {fix}") from None
        raise


def _stands_elsewhere(cells: Cells, layout: Layout, targets: Sequence[str]) -> str | None:
    """Explain dates that do not rise by other columns, which tell series apart or hold the time of day."""
    few = [
        name
        for name in map(str, cells.frame.columns)
        if name not in (*layout.dates, *targets, *layout.ids)
        and 1 < cells.frame[name].nunique() <= len(cells.frame) / 2
    ]
    for names in [*([name] for name in few), few]:
        told = cells.frame[names]
        blocks = (told != told.shift()).any(axis=1).sum() == len(told.drop_duplicates())
        repeats = cells.frame.duplicated([*layout.dates]).any()
        if not names or not (repeats or blocks) or cells.frame.duplicated([*layout.dates, *names]).any():
            continue
        if len(names) == len(layout.dates) == 1 and is_time_of_day(names[0], cells.texts(names[0])):
            key = typed("dataset.date_column", [*layout.dates, *names])
            return f"the time of day stands in another column, '{names[0]}': read both with {key}"
        key = typed("dataset.id_column", names if len(names) > 1 else names[0])
        shown = _some(sorted({" ".join(map(str, row)) for row in told.itertuples(index=False)}))
        return (
            f"several series stand below each other, told apart by {' and '.join(map(repr, names))} ({shown}): read "
            f"each as a channel with {key}, or some of them with dataset.series=[NAME,...] beside it"
        )
    return None


def _extent(dates: Dates) -> str:
    return f"{len(dates.labels)} rows, {dates.labels[0]} to {dates.labels[-1]}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_SHOWN])
    return f"{shown}, ..." if len(names) > _MOST_SHOWN else shown
