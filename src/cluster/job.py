"""Which job of which cluster carries out a run: ``job.json`` in its folder, and a variable within the job."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from src.run import write_json

JOB_FILE = "job.json"
JOB_VARIABLE = "RUN_RAY_JOB"


@dataclass(frozen=True)
class Job:
    """``id``: its submission id. ``address``: of the cluster's dashboard. ``submitted``: Unix seconds."""

    id: str
    address: str
    submitted: float

    def write(self, run: Path) -> None:
        run.mkdir(parents=True, exist_ok=True)
        write_json(run / JOB_FILE, asdict(self))


def read_job(run: Path) -> Job | None:
    """The job that carries out a run, or did so last; None when there has never been one."""
    try:
        return Job(**json.loads((run / JOB_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def this_job() -> str | None:
    """The id of the job that this process belongs to; None outside of one."""
    return os.environ.get(JOB_VARIABLE)
