"""Files of the UCR and UEA archives and of aeon: ``.ts``, ARFF, and tables whose first column is the label.

pyts reads ``.ts``, scipy ARFF, pandas tables. None of them is given a header: those in circulation are malformed in
many ways (labels spread over lines and blanks, types that no reader knows), and all that they say is in the rows.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from data_pipelines.labelled.series import Labelled, plain_label
from src.errors import DataError

SUFFIXES = (".ts", ".arff", ".tsv", ".txt")


def read(path: Path) -> Labelled:
    """The series of one file.

    Raises:
        DataError: it cannot be read; the sentence names the file.
    """
    readers = {".ts": _ts, ".arff": _arff}
    try:
        found = readers.get(path.suffix.lower(), _table)(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): check the file") from None
    except (ValueError, IndexError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is no {path.suffix.removeprefix('.')} file of labelled series ({reason})") from None
    if not len(found):
        raise DataError(f"{path} holds no series: give another file")
    return found


def _ts(path: Path) -> Labelled:
    try:
        from pyts.datasets._ts_format import parse_ts_file
    except ImportError:
        raise DataError(f"{path} is read by the package pyts, which is missing: pip install pyts==0.14.1") from None
    values, labels, _ = parse_ts_file(str(path))
    return Labelled([_unpadded(one) for one in values], [plain_label(str(label)) for label in labels])


def _unpadded(one: np.ndarray) -> np.ndarray:
    """A series without the NaN that a shorter one is filled with to the length of others."""
    held = np.flatnonzero(np.isfinite(one).any(axis=0))
    return np.ascontiguousarray(one[:, : held[-1] + 1] if len(held) else one, dtype=np.float64)


def _arff(path: Path) -> Labelled:
    from scipy.io import arff

    lines = path.read_text("utf-8", errors="replace").splitlines()
    start = next((place for place, line in enumerate(lines) if line.strip().lower().startswith("@data")), None)
    if start is None:
        raise ValueError("there is no @data line")
    rows = [line for line in lines[start + 1 :] if line.strip() and not line.lstrip().startswith("%")]
    if not rows:
        return Labelled([], [])
    # The last cell is the label; it goes to scipy as a number, and its name stays here.
    cells = [row.rpartition(",") for row in rows]
    labels = [plain_label(last) for _, _, last in cells]
    quote = rows[0].lstrip()[0]
    channels = quote in "'\""
    inner = cells[0][0].strip().strip(quote).replace("\\n", "\n").split("\n")[0] if channels else cells[0][0]
    steps = "\n".join(f"@attribute t{step} numeric" for step in range(inner.count(",") + 1))
    if channels:
        steps = f"@attribute series relational\n{steps}\n@end series"
    data = "\n".join(f"{values},{place}" for place, (values, _, _) in enumerate(cells))
    text = f"@relation series\n{steps}\n@attribute row numeric\n@data\n{data}\n"
    table, _ = arff.loadarff(io.StringIO(text))
    series = [_relational(row[0]) if channels else np.array([list(row)[:-1]], dtype=np.float64) for row in table]
    return Labelled([_unpadded(one) for one in series], labels)


def _relational(rows: np.ndarray) -> np.ndarray:
    return np.array([list(row) for row in rows], dtype=np.float64)


def _table(path: Path) -> Labelled:
    import pandas as pd

    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
    separator = "," if "," in first else "\t" if "\t" in first else r"\s+"
    frame = pd.read_csv(
        path, sep=separator, header=None, dtype={0: str}, na_values=["?"], quoting=csv.QUOTE_NONE, skipinitialspace=True
    )
    values = frame.iloc[:, 1:].to_numpy(dtype=np.float64)
    if not values.size:
        raise ValueError("there is no value behind the label")
    return Labelled([_unpadded(row[None]) for row in values], [plain_label(label) for label in frame[0].astype(str)])
