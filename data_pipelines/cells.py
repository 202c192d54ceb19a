"""The cells of a CSV file as text, so that a bad one can be shown as it stands in the file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data_pipelines.texts import Texts
from src.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Words for marks that shell and Hydra would need quoted.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_SAMPLED_LINES = 200


@dataclass(frozen=True)
class Cells:
    """Rows of text cells under unique names.

    Args:
        frame: (N, columns) of str.
        lines: (N,) the line of each row in the file.
        separator: the mark between cells.
    """

    path: Path
    frame: pd.DataFrame
    lines: NDArray[np.int64]
    separator: str

    def place(self, row: int) -> str:
        """Name the file and line of a row."""
        return f"{self.path} line {self.lines[row]}"

    def texts(self, column: str) -> Texts:
        """The cells of a column."""
        return Texts(pa.array(self.frame[column]))

    def rows(self, chosen: NDArray[np.int64]) -> Cells:
        """Some of the rows."""
        return Cells(self.path, self.frame.iloc[chosen], self.lines[chosen], self.separator)

    def check_column(self, name: str, fix: str) -> None:
        """Refuse a name that no column has.

        Raises:
            DataError: it lists the columns, and ends in ``fix``.
        """
        if name not in self.frame.columns:
            listed = ", ".join(str(column) or "'' (no name)" for column in self.frame.columns)
            raise DataError(f"{self.path} has no column '{name}' (its columns: {listed}): {fix}")


def read_cells(path: Path, separator: str | None = None) -> Cells:
    """Read a CSV file.

    Args:
        separator: a mark or one of the words of ``SEPARATORS``; None finds it.

    Raises:
        DataError: it is no table of cells; the sentence names the file and the fix.
    """
    import pandas as pd

    if not path.is_file():
        raise DataError(f"{path} is not a file: check the path")
    mark = ""
    try:
        mark = SEPARATORS.get(separator, separator) if separator else _separator(path)
        # The header is read as a row: pandas would rename a column that comes twice.
        frame = pd.read_csv(
            path,
            sep=mark,
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skip_blank_lines=False,
        )
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty: give a CSV file with a header line and data") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not a UTF-8 text file: save it as UTF-8 CSV") from None
    except (pd.errors.ParserError, csv.Error) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path} is not a regular CSV ({reason}; cells separated by {mark!r}): give every line the same number of "
            f"cells, or name another mark with dataset.separator={'|'.join(SEPARATORS)}"
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    return _named(path, frame.fillna(""), mark)


def _separator(path: Path) -> str:
    """The mark that cuts the first lines into equally many cells; else the first in the header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(islice(file, _SAMPLED_LINES))
    fitting = [mark for mark in SEPARATORS.values() if _fits(lines, mark)]
    if len(fitting) > 1:
        words = [word for word, mark in SEPARATORS.items() if mark in fitting]
        raise DataError(
            f"{path} may be separated by {' or '.join(map(repr, fitting))}: set dataset.separator={' or '.join(words)}"
        )
    return next((mark for mark in fitting or SEPARATORS.values() if lines and mark in lines[0]), ",")


def _fits(lines: Sequence[str], mark: str) -> bool:
    widths = {len(row) for row in csv.reader(lines, delimiter=mark) if row}
    return len(widths) == 1 and widths != {1}


def _named(path: Path, frame: pd.DataFrame, separator: str) -> Cells:
    import pandas as pd

    filled = frame != ""
    rows = filled.any(axis=1).to_numpy().nonzero()[0]
    if not len(rows):
        raise DataError(f"{path} is empty: give a CSV file with a header line and data")
    # Spreadsheets leave blank lines at the end, and columns without name and content.
    frame = frame.loc[: int(rows[-1]), filled.any(axis=0)]
    header = pd.Index([str(name).strip() for name in frame.iloc[0]])
    if header.has_duplicates:
        raise DataError(f"{path} has two columns '{header[header.duplicated()][0]}': rename one of them")
    frame = frame.iloc[1:].reset_index(drop=True)
    frame.columns = header
    return Cells(path, frame, np.arange(len(frame)) + 2, separator)
