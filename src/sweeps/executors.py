"""Where cells run: here as processes of this machine; in ``src.sweeps.slurm`` as jobs of a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from omegaconf import DictConfig

from src.errors import UserError
from src.processes import reaper


class Job(Protocol):
    """A cell under way."""

    @property
    def id(self) -> str: ...

    def poll(self) -> int | None:
        """The exit code; None while it runs."""


class Executor(Protocol):
    """A context: what it has started is over when it is left."""

    def check(self, configs: Sequence[DictConfig], jobs: int) -> None:
        """Refuse what this place cannot hold, before anything starts. Raises UserError."""

    def __enter__(self) -> Executor: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def start(self, name: str, command: Sequence[str], log: Path, slot: int) -> Job:
        """Start a cell whose output is appended to ``log``; no other running cell has its ``slot``, from 0 up."""

    def end_left(self, job: str, logs: Path) -> None:
        """End a job that an earlier launcher, which was killed, may have left behind."""


class LocalJob:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    @property
    def id(self) -> str:
        return str(self.process.pid)

    def poll(self) -> int | None:
        return self.process.poll()


class LocalExecutor:
    """Processes of this machine; when this process ends, however it does, so do they and all that they started.

    Where the machine has NVIDIA devices and several cells run at once, each cell sees a share of its own.

    Args:
        stop_timeout_s: what a cell is given, after SIGTERM, to end by itself before it is killed.
    """

    def __init__(self, stop_timeout_s: float = 150.0) -> None:
        self.stop_timeout_s = stop_timeout_s
        self._guard: subprocess.Popen[bytes] | None = None
        self._jobs: list[LocalJob] = []
        self._shares: list[str] = []

    def check(self, configs: Sequence[DictConfig], jobs: int) -> None:
        self._shares = device_shares(configs, jobs, visible_devices())

    def __enter__(self) -> LocalExecutor:
        reaper.adopt_orphans()
        self._guard = reaper.guard()
        return self

    def start(self, name: str, command: Sequence[str], log: Path, slot: int) -> LocalJob:
        share = {"CUDA_VISIBLE_DEVICES": self._shares[slot]} if self._shares else {}
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **share},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches this process alone, which ends the cells in their order
                preexec_fn=reaper.ending_with_this(),
            )
        job = LocalJob(process)
        self._jobs.append(job)
        return job

    def __exit__(self, *_: object) -> None:
        try:
            self._end_orderly()
        finally:  # a second Ctrl-C ends the waiting
            assert self._guard is not None
            reaper.end_descendants(keep=frozenset({self._guard.pid}))
            self._guard.kill()
            self._guard.wait()

    def _end_orderly(self) -> None:
        running = [job.process for job in self._jobs if job.poll() is None]
        if not running:
            return
        words = "a cell" if len(running) == 1 else f"{len(running)} cells"
        print(f"ending {words}; Ctrl-C ends this at once", file=sys.stderr)
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self.stop_timeout_s
        while any(process.poll() is None for process in running) and time.monotonic() < deadline:
            time.sleep(0.1)

    def end_left(self, job: str, logs: Path) -> None:
        """Nothing is left: the guard of the earlier launcher has seen to it."""


def visible_devices() -> list[str]:
    """The NVIDIA devices that this process may use, by their index or id; found without importing torch."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [one.strip() for one in given.split(",") if one.strip()]
    return [str(number) for number in range(len(list(Path("/dev").glob("nvidia[0-9]*"))))]


def device_shares(configs: Sequence[DictConfig], jobs: int, devices: Sequence[str]) -> list[str]:
    """``CUDA_VISIBLE_DEVICES`` of each of ``jobs`` cells at once; empty where cells need no share of their own.

    Raises:
        UserError: there are fewer devices than that takes.
    """
    own = [cfg for cfg in configs if cfg.runtime.platform != "cpu" and not cfg.ray.address]
    if jobs == 1 or not own or not devices:
        return []
    each = max(int(cfg.trainer.n_gpus_per_node) for cfg in own)
    if each * jobs > len(devices):
        raise UserError(
            f"sweep.jobs={jobs} x trainer.n_gpus_per_node={each} takes {each * jobs} devices, and "
            f"{len(devices)} are there: give sweep.jobs={max(1, len(devices) // each)}"
        )
    return [",".join(devices[slot * each : (slot + 1) * each]) for slot in range(jobs)]
