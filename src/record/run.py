"""A run's folder: what it holds, and records that are written whole.

``outputs/<recipe>/<run>/`` holds ``run.json``, the resolved config of each stage, ``metrics.jsonl``, samples of
rollouts, checkpoints, logs and ``report.html``.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


PHASE_FILE = "phase.json"
ENDING = "ending"  # the phase of a stage whose work is done and whose workers leave
STOP_FILE = "stop"  # while it is there, a stage saves a checkpoint after its step and ends


def write_phase(run: Path, stage: str, what: str) -> None:
    """Say what a stage is doing; the launcher shows it, and takes the changing file for a sign of life."""
    write_json(run / PHASE_FILE, {"stage": stage, "phase": what, "time": time.time()})


def write_json(path: Path, value: Any, sync: bool = False) -> None:
    """Write ``value`` as a whole file moved into place: a reader never sees half of it.

    Args:
        sync: also force it to disk, so that it outlives the machine.
    """
    write_whole(path, (json.dumps(value, indent=1, default=str) + "\n").encode(), sync)


def write_whole(path: Path, content: bytes, sync: bool = False) -> None:
    """Write a file beside its place and move it into it."""
    with whole_file(path) as partial, partial.open("wb") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Hand out a path beside ``path``, to be filled: moved into place when the block ends, removed when it fails."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Run:
    """One launch with its folder.

    Args:
        folder: of the run; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._record: dict[str, Any] = {}
        if self.record_file.is_file():
            self._record = json.loads(self.record_file.read_text())

    @property
    def record_file(self) -> Path:
        return self.folder / "run.json"

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def record(self) -> dict[str, Any]:
        return self._record

    def start(self, record: dict[str, Any]) -> None:
        """Make the folder and write the first ``run.json``.

        Raises:
            UserError: the folder cannot be written.
        """
        try:
            for name in ("logs", "samples", "checkpoints", "config"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"cannot write the run's folder {self.folder}: {error.strerror}; choose run.folder="
            ) from None
        self._record = record
        self.save()

    def update(self, values: dict[str, Any]) -> None:
        """Change parts of the record and save it."""
        self._record |= values
        self.save()

    def set_aside(self) -> Path:
        """Rename an existing run out of the way; nothing is deleted."""
        self._record = {}
        return set_aside(self.folder, "before")

    def checkpoints(self, stage: str) -> Path:
        return self.folder / "checkpoints" / stage

    def save(self) -> None:
        write_json(self.record_file, self._record)

    def stage(self, name: str) -> dict[str, Any]:
        """The record of one stage, to be changed and then saved."""
        for stage in self._record["stages"]:
            if stage["name"] == name:
                return stage
        raise KeyError(name)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def append_metrics(self, stage: str, step: int, metrics: dict[str, float]) -> None:
        append_line(self.metrics_file, {"stage": stage, "step": step, "time": time.time(), **metrics})


def set_aside(path: Path, why: str) -> Path:
    """Rename a file or folder to ``<name>.<why>-<time>``, a name that nothing has yet; returns the new path."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside, count = path.with_name(f"{path.name}.{why}-{stamp}"), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.{why}-{stamp}-{count}")
    return path.rename(aside)


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Append one JSON line in a single write; numbers that JSON does not know become null."""
    text = json.dumps({key: _plain(item) for key, item in value.items()}) + "\n"
    with path.open("ab", buffering=0) as file:
        file.write(text.encode())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON-lines file; empty when there is none. Its last line must be whole."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def run_folder(folder: Path, name: str | None) -> Path:
    """A run's folder in ``folder``: of the user's name, checked, or of the date and time, which is a new one.

    Raises:
        UserError: a name that cannot be a folder's.
    """
    if name is not None:
        if not _NAME.fullmatch(str(name)):
            raise UserError(f"run.name={name!r}: use letters, digits, dots, hyphens and underscores only")
        return folder / str(name)
    stamp, count = time.strftime("%Y%m%d-%H%M%S"), 1
    found = folder / stamp
    while found.exists():
        count += 1
        found = folder / f"{stamp}-{count}"
    return found
