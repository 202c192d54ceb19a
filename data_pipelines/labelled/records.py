"""PhysioNet's recordings: WFDB records, or their text, with a table of labels or a label in the name of each."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_pipelines.labelled.rates import at_rate
from data_pipelines.labelled.series import Archive, Labelled, plain_label
from src.errors import DataError

Log = Callable[[str], None]
SUFFIXES = (".hea", ".txt")


def read(folder: Path, table: str | None, rate: float | None, log: Log) -> Archive:
    """All recordings of a folder; each is its own group, so that its windows stay together.

    Args:
        table: the file with lines ``record,label``, in the folder or the one above, of several versions (``*``) the
            latest; where it is missing, or None, the label is the record's name.
        rate: samples a second to read them at; None: as they are.

    Raises:
        DataError: a recording is missing or cannot be read.
    """
    labels = _labels(folder, table, log)
    if not labels:
        raise DataError(f"{folder} holds no recordings (.hea with .dat or .mat, or .txt): name another folder")
    series: list[NDArray[np.float64]] = []
    channels: list[str] = []
    for name in labels:
        values, of, own = recording(folder / name)
        series.append(at_rate(values, own, rate, name, log))
        channels = channels or of
    named = channels if len(channels) > 1 else []
    return Archive({"train": Labelled(series, list(labels.values()), list(labels))}, named)


def _labels(folder: Path, table: str | None, log: Log) -> dict[str, str]:
    """Label by record."""
    found = [path for place in (folder, folder.parent) for path in sorted(place.glob(table))] if table else []
    if not found:
        names = {path.stem for kind in ("*.hea", "*.txt") for path in folder.glob(kind)}
        return {name: name for name in sorted(names) if (folder / f"{name}.hea").is_file() or _is_text(folder, name)}
    latest = max(found, key=_version)
    if len(found) > 1:
        log(f"labels are read from {latest.name}, not from {', '.join(p.name for p in found if p != latest)}")
    labels: dict[str, str] = {}
    with latest.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if not row:
                continue
            if len(row) < 2:
                raise DataError(f"{latest} line {number} has no label behind the record's name: get the file again")
            labels[row[0].strip()] = plain_label(row[1])
    return labels


def _version(table: Path) -> tuple[int, int]:
    """REFERENCE-v3.csv is newer than REFERENCE.csv, and that than REFERENCE-original.csv."""
    number = re.search(r"-v(\d+)$", table.stem)
    return int(number[1]) if number else 0, -len(table.name)


def _is_text(folder: Path, name: str) -> bool:
    with (folder / f"{name}.txt").open(encoding="utf-8", errors="replace") as file:
        return len(_floats(file.readline())) > 1


def _floats(line: str) -> list[float]:
    try:
        return [float(cell) for cell in line.replace(",", " ").split()]
    except ValueError:
        return []


def recording(path: Path) -> tuple[NDArray[np.float64], list[str], float | None]:
    """Values (C, L) in physical units, names of channels, samples a second (None: not stated).

    Args:
        path: without its suffix; ``.hea`` and what it names, or ``.txt``.

    Raises:
        DataError: it is missing or cannot be read.
    """
    if not path.with_suffix(".hea").is_file():
        return _text(path.with_suffix(".txt"))
    try:
        import wfdb
    except ImportError:
        raise DataError(f"{path} is read by the package wfdb, which is missing: pip install wfdb==4.3.1") from None
    try:
        record: Any = wfdb.rdrecord(str(path))
    except FileNotFoundError as error:
        raise DataError(f"{error.filename or path} is missing: get the archive again, whole") from None
    except Exception as error:  # wfdb raises many kinds, for files that broke off among others
        raise DataError(f"{path} cannot be read as a WFDB record ({error}): get the archive again") from None
    return np.asarray(record.p_signal, dtype=np.float64).T, list(record.sig_name), float(record.fs)


def _text(path: Path) -> tuple[NDArray[np.float64], list[str], float | None]:
    """PhysioNet's text: seconds, then a column for each channel."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            columns = np.array([row for line in file if (row := _floats(line))], dtype=np.float64).T
    except OSError:
        raise DataError(f"{path.stem} is missing in {path.parent}: get the archive again, whole") from None
    except ValueError:
        raise DataError(f"{path} has rows of different lengths: get the archive again") from None
    if columns.ndim != 2 or len(columns) < 2 or columns.shape[1] < 2:
        raise DataError(f"{path} is no table of seconds and values: get the archive again")
    rate = float((columns.shape[1] - 1) / (columns[0, -1] - columns[0, 0]))
    return columns[1:], [f"channel {place + 1}" for place in range(len(columns) - 1)], round(rate, 3)
