"""Read the series of a CSV file: one date column, one column per channel, one row per time step."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_pipelines.clock import read_clock
from src.errors import DataError
from src.tasks.numbers import read_number

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SeriesTable:
    """N aligned rows: channel -> (N,) float64 in original units, and N timestamps as ``labels``."""

    values: dict[str, NDArray[np.float64]]
    labels: tuple[str, ...]
    freq: str

    def digest(self) -> str:
        """The sha256 of the content: labels, channel names and exact values."""
        checksum = hashlib.sha256("\n".join((self.freq, *self.labels)).encode())
        for name, column in self.values.items():
            checksum.update(f"\n{name}\n".encode())
            checksum.update(column.astype("<f8").tobytes())
        return checksum.hexdigest()


def read_csv(
    path: Path,
    targets: list[str] | None,
    *,
    date_column: str | None = "date",
    freq: str | None = None,
    date_format: str | None = None,
) -> SeriesTable:
    """Read the columns ``targets`` (None: all but the date) of a CSV file.

    Args:
        date_column: None: the file has no dates, its rows are numbered from 1.
        freq: None: found from the dates.

    Raises:
        DataError: anything that cannot be a regular series of finite numbers; with the line.
    """
    cells = _read_cells(path)
    columns = [str(name) for name in cells.columns]
    listed = ", ".join(columns)
    if date_column is not None and date_column not in columns:
        raise DataError(
            f"{path} has no column '{date_column}' (its columns: {listed}): name the one with the timestamps "
            f"with "
            "dataset.date_column=NAME, or set dataset.date_column=null if there is none"
        )
    targets = targets or [name for name in columns if name != date_column]
    for name in targets:
        if name not in columns:
            raise DataError(f"{path} has no column '{name}' (its columns: {listed}): correct dataset.target")
        if name == date_column:
            raise DataError(f"dataset.target names the date column '{name}': choose one of {listed}")
    if not len(cells):
        raise DataError(f"{path} has a header but no rows: give a file with data")
    values = {name: _numbers(cells[name].tolist(), name, path) for name in targets}
    if date_column is None:
        labels = tuple(str(number) for number in range(1, len(cells) + 1))
        return SeriesTable(values, labels, "step")
    clock = read_clock(cells[date_column].tolist(), freq, str(path), date_format)
    return SeriesTable(values, clock.labels, clock.freq)


def column_names(path: Path) -> list[str]:
    """The names in the header of a CSV file.

    Raises:
        DataError: it cannot be read.
    """
    return [str(name) for name in _read_cells(path).columns]


def _read_cells(path: Path) -> pd.DataFrame:
    """Read every cell as text, so that a bad one can be shown as it stands in the file."""
    import pandas as pd

    if not path.is_file():
        raise DataError(f"{path} is not a file: check the path")
    try:
        # The header is read as a row: pandas would rename a column that comes twice.
        cells = pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        )
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty: give a CSV file with a header line and data") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not a UTF-8 text file: save it as UTF-8 CSV") from None
    except pd.errors.ParserError as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not a regular CSV ({reason}): give every line the same number of cells") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    cells = cells.fillna("")
    filled = (cells != "").any(axis=1).to_numpy()
    if not filled.any():
        raise DataError(f"{path} is empty: give a CSV file with a header line and data")
    cells = cells.iloc[: int(filled.nonzero()[0][-1]) + 1]  # blank lines at the end are harmless
    header = pd.Index([str(name).strip() for name in cells.iloc[0]])
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise DataError(f"{path} is not separated by commas (its first line: {header[0]!r}): save it with commas")
    if header.has_duplicates:
        raise DataError(f"{path} has two columns '{header[header.duplicated()][0]}': rename one of them")
    cells = cells.iloc[1:].reset_index(drop=True)
    cells.columns = header
    return cells


def _numbers(texts: list[str], column: str, path: Path) -> NDArray[np.float64]:
    """Convert a column to the exact values that its texts name."""
    values = np.empty(len(texts))
    for row, text in enumerate(texts):
        value = read_number(text)
        if value is not None:
            values[row] = value
        else:
            shown = " ".join(text.split())[:40]
            problem = f"'{shown}' is not a finite number" if shown else "the cell is empty"
            raise DataError(
                f"{path} line {row + 2}, column '{column}': {problem}: correct it, or fill it in "
                "(for example by linear interpolation)"
            )
    return values
