"""Notices that a stage will not go on, and finds the reason.

veRL waits without end when a rollout worker dies or fails inside. A stage's essential processes are known by the titles
that Ray and vLLM give them: when one of them is gone while the stage's driver goes on, the stage is over.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil

from src.processes.reaper import descendants
from src.record.phase import ENDING

ENDING_S = 120.0  # for an orderly end, in which the workers leave first
GRACE_S = 5.0  # a worker ends before its driver does, when all is well
# What a stage cannot go on without; matched at the start of a process's title.
ESSENTIAL = (
    "ray::TaskRunner",
    "ray::WorkerDict",
    "ray::vLLMHttpServer",
    "ray::AgentLoopWorker",
    "ray::RewardLoopWorker",
    "VLLM::EngineCore",
    "raylet",
    "gcs_server",
)
_FATAL = re.compile(r"^(?:\S*Error|\S*Exception|\S*Interrupt|OSError)\b.*", re.M)
# What Ray, torch and vLLM put before a worker's line, often one behind the other.
_PREFIX = re.compile(
    r"^(?:(?:\([^()]*pid=[^()]*\)|\[rank\d+\]:|[A-Z]+ \d\d-\d\d \d\d:\d\d:\d\d (?:\[[^\]]*\])+) ?)+", re.M
)
_COLOUR = re.compile(r"\x1b\[[\d;]*m|\r")
_EXCERPT = 400_000  # bytes of a log that are looked at
_ENGINE_FAILED = b"EngineCore encountered a fatal error"
# Errors which only say that another process has failed.
_CONSEQUENCES = (
    "ray.exceptions.",
    "RayActorError",
    "LostRolloutError",
    "ActorDiedError",
    "EngineDeadError",
    "Engine core initialization failed",
    "Connection closed by peer",
)


@dataclass
class Watch:
    """Watches the processes below this one.

    Args:
        stall_timeout_s: seconds without a new metrics line or phase after which the stage counts as stuck.
        signs: files whose change is a sign of life.
        phase: what the stage says that it is doing.
        elsewhere: names the workers that have died on other machines; None as long as there are none.
    """

    stall_timeout_s: float
    signs: tuple[Path, ...]
    phase: Callable[[], str | None] = field(default=lambda: None)
    elsewhere: Callable[[], str | None] = field(default=lambda: None)
    seen: dict[int, str] = field(default_factory=dict)
    missing_since: float | None = None
    last_sign: float = field(default_factory=time.time)

    def problem(self) -> str | None:
        """One sentence when the stage will not go on, else None. Call it every second or so."""
        now = time.time()
        self.last_sign = max([self.last_sign, *(sign.stat().st_mtime for sign in self.signs if sign.exists())])
        if now - self.last_sign > self.stall_timeout_s:
            return f"nothing has happened for {now - self.last_sign:.0f} s (launch.stall_timeout_s)"
        running = {process.pid: essential_name(process) for process in descendants(os.getpid())}
        alive = {pid: name for pid, name in running.items() if name and running.get(_parent(pid)) != name}
        # What runs under another title now was not what it was taken for: a fork that had not become itself yet.
        self.seen = {pid: name for pid, name in self.seen.items() if pid in alive or pid not in running} | alive
        gone = {pid: name for pid, name in self.seen.items() if pid not in alive}
        names = [f"{name} (process {pid})" for pid, name in gone.items()]
        if far := self.elsewhere():
            names.append(far)
        if not names:
            self.missing_since = None
            return None
        self.missing_since = self.missing_since or now
        if now - self.missing_since < (ENDING_S if self.phase() == ENDING else GRACE_S):
            return None
        return f"a worker has died: {', '.join(sorted(names))}"


def _parent(pid: int) -> int | None:
    """Whose fork a process is: with its parent's title it is none of the stage's own, and may end at any moment."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return None


def essential_name(process: psutil.Process) -> str | None:
    """Which of ``ESSENTIAL`` a process is, by its title or the name of its program; None for any other."""
    try:
        command = process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    if not command:
        return None
    program = Path(command[0]).name
    for name in ESSENTIAL:
        if command[0].startswith(name) or program == name:
            return name
    return None


def is_consequence(error: str | None) -> bool:
    """Whether an error, or that there is none, says no more than that something else has failed."""
    return error is None or error.startswith("ray.") or any(one in error for one in _CONSEQUENCES)


def last_error(log: Path, start: int = 0) -> str | None:
    """The error line of a stage's log that says why it failed, without prefixes and colours.

    That is the last one, unless vLLM's engine has failed: veRL then reports every rollout that was under way, in
    hundreds of megabytes, and goes on to errors of its own; the engine's first error is the reason.

    Args:
        start: byte from which the log is of this launch.

    Returns:
        The line, or None when the log names no error.
    """
    try:
        with log.open("rb") as file:
            if (engine := _engine_failure(file, start)) is not None:
                file.seek(engine)
                text, place = file.read(_EXCERPT).decode(errors="replace"), 0
            else:
                file.seek(max(start, file.seek(0, os.SEEK_END) - _EXCERPT))
                text, place = file.read().decode(errors="replace"), -1
    except OSError:
        return None
    found = _FATAL.findall(_PREFIX.sub("", _COLOUR.sub("", text)))
    useful = [line for line in found if not any(consequence in line for consequence in _CONSEQUENCES)]
    return (useful or found or [None])[place]


def _engine_failure(file: BinaryIO, start: int) -> int | None:
    """Where vLLM's engine says that it has failed; None when it does not."""
    file.seek(start)
    for line in file:
        if _ENGINE_FAILED in line:
            return file.tell() - len(line)
    return None
