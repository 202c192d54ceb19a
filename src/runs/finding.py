"""Finding runs below a folder."""

from __future__ import annotations

import os
from pathlib import Path

from src.errors import UserError
from src.record.layout import INSIDE, RUN_FILE
from src.runs.recorded import RecordedRun


def read_run(folder: Path | str) -> RecordedRun:
    """The run in ``folder``.

    Raises:
        UserError: the folder is not a run's, or its ``run.json`` cannot be read.
    """
    return RecordedRun(folder)


def list_runs(folder: Path | str = "outputs") -> list[RecordedRun]:
    """Every run below a folder (or the run that it is), by the time of their launch. A sweep's cells are runs too.

    Raises:
        UserError: there is no such folder, or no run below it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UserError(f"{folder} is not a folder: give one that holds runs, such as outputs")
    runs = []
    for place, below, files in os.walk(root):
        if RUN_FILE in files:
            runs.append(RecordedRun(place))
            below.clear()
        else:
            below[:] = sorted(name for name in below if name not in INSIDE and not name.startswith("."))
    if not runs:
        raise UserError(f"there is no run below {folder}: a run's folder holds a {RUN_FILE}")
    return sorted(runs, key=lambda run: (str(run.record.get("created", "")), str(run.folder)))
