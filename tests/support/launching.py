"""What the smoke tests share: a run as a user would launch it, and what it leaves behind."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Launched:
    """What a user is left with after a launch."""

    code: int
    output: str
    folder: Path
    left: list[str] = field(default_factory=list)

    @property
    def record(self) -> dict:
        return json.loads((self.folder / "run.json").read_text())

    def metrics(self, stage: str) -> list[dict]:
        lines = [json.loads(line) for line in (self.folder / "metrics.jsonl").read_text().splitlines()]
        return [line for line in lines if line["stage"] == stage]


def command(folder: Path, name: str, *arguments: str, recipe: str = "time_r1") -> list[str]:
    return [
        sys.executable, "-m", "src.launch", f"+recipe={recipe}", "scale=smoke", "runtime=cpu", f"run.folder={folder}",
        f"run.name={name}", *arguments,
    ]  # fmt: skip


class Family:
    """Remembers every process that ever stood below a launcher, so that a test can ask which of them are left."""

    def __init__(self, launcher: int) -> None:
        self._launcher = psutil.Process(launcher)
        self.known: dict[psutil.Process, None] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            try:
                self.known |= dict.fromkeys(self._launcher.children(recursive=True))
            except psutil.NoSuchProcess:
                return

    def left(self, timeout_s: float = 20) -> list[str]:
        """The titles of those that are alive after ``timeout_s`` at most; empty as soon as all have ended."""
        self._stop.set()
        self._thread.join()
        assert self.known, "no process was ever seen"
        deadline = time.monotonic() + timeout_s
        while alive := [title for process in self.known if (title := _title(process))]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return alive


def _title(process: psutil.Process) -> str | None:
    """A process's command line, or None when it has ended (a reused id is another process to psutil)."""
    try:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            return " ".join(process.cmdline()) or process.name()
    except psutil.NoSuchProcess:
        pass
    return None
