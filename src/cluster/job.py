"""Which job of which cluster carries out a run, and how it is told to stop.

``job.json`` in the run's folder says the first; within the job a variable does. A run is told to stop by a file, which
its launcher answers as SIGTERM: Ray's own way sends SIGTERM to all processes of a job at once, W&B's among them.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from src.record.files import write_json
from src.record.layout import Layout

JOB_VARIABLE = "RUN_RAY_JOB"
_POLL_S = 1.0


@dataclass(frozen=True)
class Job:
    """A run's job on a Ray cluster.

    Args:
        id: its submission id.
        address: of the cluster's dashboard.
        submitted: Unix seconds.
    """

    id: str
    address: str
    submitted: float

    def write(self, run: Path) -> None:
        run.mkdir(parents=True, exist_ok=True)
        write_json(Layout(run).job_file, asdict(self))


def read_job(run: Path) -> Job | None:
    """The job that carries out a run, or did so last; None when there has never been one."""
    try:
        return Job(**json.loads((Layout(run).job_file).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def this_job() -> str | None:
    """The id of the job that this process belongs to; None outside of one."""
    return os.environ.get(JOB_VARIABLE)


def ask_to_stop(run: Path, job: str) -> None:
    """Have the launcher of a run, which is that job, save and end."""
    write_json(Layout(run).job_stop_file, {"job": job})


@contextmanager
def stop_requests(run: Path) -> Iterator[None]:
    """Within a job: send SIGTERM to this process when the run is told to stop."""
    job, ended = this_job(), threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_S):
            if _asked(run) == job:
                Layout(run).job_stop_file.unlink(missing_ok=True)
                os.kill(os.getpid(), signal.SIGTERM)

    if job is not None:
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _asked(run: Path) -> str | None:
    try:
        return str(json.loads(Layout(run).job_stop_file.read_text())["job"])
    except (OSError, ValueError, KeyError):
        return None
