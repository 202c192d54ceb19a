"""UCI's Human Activity Recognition Using Smartphones: folders of tables, with the names of activities beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_pipelines.labelled.series import Archive, Labelled
from src.errors import DataError


def read(folder: Path, channels: Sequence[str]) -> Archive:
    """Both official parts, which no person is in twice; each window's person is its group.

    Args:
        folder: with ``activity_labels.txt``, ``train`` and ``test``.
        channels: names of files in ``Inertial Signals``, such as ``body_acc_x``.

    Raises:
        DataError: a file is missing, or its rows are not as many as another's.
    """
    names = dict(line.split(None, 1) for line in _lines(folder / "activity_labels.txt"))
    return Archive({split: _part(folder, split, channels, names) for split in ("train", "test")}, channels)


def _part(folder: Path, split: str, channels: Sequence[str], names: dict[str, str]) -> Labelled:
    here = folder / split
    numbers = _lines(here / f"y_{split}.txt")
    if unknown := sorted(set(numbers) - set(names)):
        raise DataError(f"{here / f'y_{split}.txt'} holds {unknown[0]}, which activity_labels.txt has no name for")
    people = _lines(here / f"subject_{split}.txt")
    tables = {name: _table(here / "Inertial Signals" / f"{name}_{split}.txt") for name in channels}
    for name, rows in (("subjects", len(people)), *((name, len(of)) for name, of in tables.items())):
        if rows != len(numbers):
            raise DataError(f"{here}: {name} has {rows} rows, and y_{split}.txt {len(numbers)}: get the files again")
    stacked = np.stack(list(tables.values()), axis=1)  # (N, C, L)
    return Labelled(list(stacked), [names[number].strip() for number in numbers], people)


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except OSError:
        raise DataError(f"{path} is missing: get the archive again, whole") from None


def _table(path: Path) -> NDArray[np.float64]:
    import pandas as pd

    try:
        return pd.read_csv(path, sep=r"\s+", header=None, dtype=np.float64).to_numpy()
    except OSError:
        raise DataError(f"{path} is missing: get the archive again, whole") from None
    except ValueError as error:
        raise DataError(
            f"{path} is no table of numbers ({str(error).splitlines()[0]}): get the archive again"
        ) from None
