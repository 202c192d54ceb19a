"""Audio clips: a table of names and labels beside a folder of them, or one folder for each label."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_pipelines.labelled.rates import at_rate
from data_pipelines.labelled.series import Archive, Labelled, plain_label
from src.errors import DataError

Log = Callable[[str], None]
_KINDS = (".aif", ".aiff", ".flac", ".ogg", ".wav")


def read(root: Path, rate: float | None, log: Log) -> Archive:
    """All labelled clips; of several channels the mean is taken.

    Args:
        root: a table ``clip_name,label``, whose clips lie anywhere below its folder, or a folder of folders.
        rate: samples a second to read them at; None: as they are.

    Raises:
        DataError: a clip is missing or cannot be read.
    """
    labels = _of_table(root) if root.is_file() else _of_folders(root)
    if not labels:
        raise DataError(f"{root} names no clips ({', '.join(_KINDS)}): name another folder")
    return Archive({"train": Labelled([_clip(path, rate, log) for path in labels], list(labels.values()))})


def _of_table(table: Path) -> Mapping[Path, str]:
    lying = {path.name: path for path in sorted(table.parent.rglob("*")) if path.suffix.lower() in _KINDS}
    labels = {}
    with table.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if len(row) < 2 or (number == 1 and Path(row[0]).suffix.lower() not in _KINDS):
                continue  # the header
            name = row[0].strip()
            if name not in lying:
                raise DataError(
                    f"{table} line {number}: {name} is not below {table.parent}: get the archive again, whole"
                )
            labels[lying[name]] = plain_label(row[1])
    return labels


def _of_folders(root: Path) -> Mapping[Path, str]:
    clips = (path for path in sorted(root.rglob("*")) if path.suffix.lower() in _KINDS)
    return {path: path.parent.name for path in clips}


def _clip(path: Path, rate: float | None, log: Log) -> NDArray[np.float64]:
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: without its library
        raise DataError(f"{path} is read by the package soundfile, which is missing: pip install soundfile") from None
    try:
        values, own = soundfile.read(path, always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path} cannot be read as audio ({error}): get the archive again") from None
    mono: Any = np.asarray(values, dtype=np.float64).mean(axis=1, keepdims=True).T
    return at_rate(mono, float(own), rate, path.name, log)
