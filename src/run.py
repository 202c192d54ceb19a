"""A run's folder: what it holds, and records that are written whole.

``outputs/<recipe>/<run>/`` holds ``run.json``, the resolved config of each stage, ``metrics.jsonl``, samples of
rollouts, checkpoints, logs and ``report.html``.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import re
import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.errors import UserError

PACKAGES = ("verl", "torch", "vllm", "ray", "transformers", "hydra-core", "tensordict", "numpy")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


PHASE_FILE = "phase.json"
ENDING = "ending"  # the phase of a stage whose work is done and whose workers leave


def write_phase(run: Path, stage: str, what: str) -> None:
    """Say what a stage is doing; the launcher shows it, and takes the changing file for a sign of life."""
    write_json(run / PHASE_FILE, {"stage": stage, "phase": what, "time": time.time()})


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as a whole file moved into place: a reader never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(value, indent=1, default=str) + "\n")
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
            UserError: the folder cannot be written, or holds a run already.
        """
        if self.record_file.exists():
            raise UserError(
                f"the run {self.folder} exists; choose another run.name=, or run.fresh=true to set it aside "
                "and start over"
            )
        try:
            for name in ("logs", "samples", "checkpoints", "config"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"cannot write the run's folder {self.folder}: {error.strerror}; choose run.folder="
            ) from None
        self._record = record
        self.save()

    def set_aside(self) -> None:
        """Rename an existing run out of the way; nothing is deleted."""
        if self.folder.exists():
            stamp = time.strftime("%Y%m%d-%H%M%S")
            self.folder.rename(self.folder.with_name(f"{self.folder.name}.before-{stamp}"))

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


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Append one JSON line in a single write; numbers that JSON does not know become null."""
    text = json.dumps({key: _plain(item) for key, item in value.items()}) + "\n"
    with path.open("a") as file:
        file.write(text)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def run_name(name: str | None) -> str:
    """The run's name: the user's, checked, or the date and time.

    Raises:
        UserError: a name that cannot be a folder's.
    """
    if name is None:
        return time.strftime("%Y%m%d-%H%M%S")
    if not _NAME.fullmatch(str(name)):
        raise UserError(f"run.name={name!r}: use letters, digits, dots, hyphens and underscores only")
    return str(name)


def provenance(arguments: Sequence[str]) -> dict[str, Any]:
    """What is needed to repeat a run elsewhere: command, code, versions, machine.

    Args:
        arguments: of ``python -m src.launch``, as the user gave them.
    """
    return {
        "command": shlex.join(["python", "-m", "src.launch", *arguments]),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "git": _git(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "hardware": _hardware(),
    }


def _git() -> dict[str, Any]:
    root = Path(__file__).resolve().parents[1]

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _hardware() -> dict[str, Any]:
    model = None
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": model or platform.processor(), "cores": os.cpu_count(), "memory_gib": round(memory, 1)}
