"""Where things are in a run's folder: no other module spells these names.

``outputs/<recipe>/<run>/`` holds ``run.json``, the resolved config of each stage, ``metrics.jsonl``, samples of
rollouts, checkpoints, logs and ``report.html``; docs/runs.md lists all of it.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import NamedTuple

from src.errors import UserError

RUN_FILE = "run.json"
METRICS_FILE = "metrics.jsonl"
REPORT_FILE = "report.html"  # of a run and of a sweep
JOB_FILE = "job.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # what a run's folder may be called
# A run's own folders, which hold no other runs; some have thousands of files.
INSIDE = frozenset({"checkpoints", "samples", "logs", "data", "model", "config", "cut", "wandb", "tensorboard"})

_STEP_FOLDER = re.compile(r"global_step_(\d+)")  # veRL's name for a checkpoint
_SAMPLE_FILE = re.compile(r"(?P<stage>.+)_(?P<step>\d+)\.jsonl")


class SampleFile(NamedTuple):
    """A file of samples, and what its name says."""

    stage: str
    step: int
    path: Path


class Layout:
    """The paths of a run's files; none of them needs to be there.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def run_file(self) -> Path:
        """What the run is, and how far it has come."""
        return self.folder / RUN_FILE

    @property
    def metrics_file(self) -> Path:
        """One line per step."""
        return self.folder / METRICS_FILE

    @property
    def samples(self) -> Path:
        return self.folder / "samples"

    def sample_file(self, stage: str, step: int) -> Path:
        return self.samples / f"{stage}_{step}.jsonl"

    def sample_files(self) -> list[SampleFile]:
        """The files of samples that are there, by the name of the stage, then by step."""
        found = [(_SAMPLE_FILE.fullmatch(path.name), path) for path in self.samples.glob("*.jsonl")]
        return sorted(SampleFile(match["stage"], int(match["step"]), path) for match, path in found if match)

    def checkpoints(self, stage: str) -> Path:
        """The folder of a stage's checkpoints."""
        return self.folder / "checkpoints" / stage

    def log(self, process: str) -> Path:
        """The whole output of a stage, of the evaluation, or of another process of the run."""
        return self.folder / "logs" / f"{process}.log"

    def config_file(self, stage: str) -> Path:
        """A stage's resolved configuration, as veRL gets it."""
        return self.folder / "config" / f"{stage}.yaml"

    @property
    def difference_file(self) -> Path:
        """What was not committed when the run began."""
        return self.folder / "config" / "uncommitted.diff"

    @property
    def data(self) -> Path:
        """The built dataset of the run."""
        return self.folder / "data"

    def data_of(self, stage: str) -> Path:
        """The built dataset of a stage that has one of its own."""
        return self.data / stage

    @property
    def model(self) -> Path:
        """The model that was built for the run, where one was."""
        return self.folder / "model"

    @property
    def evaluation_file(self) -> Path:
        """The scores of every stage's model on the test split."""
        return self.folder / "evaluation.json"

    @property
    def evaluation_request(self) -> Path:
        """What was to be evaluated, and how: the scores are of nothing else."""
        return self.folder / "config" / "evaluation.json"

    @property
    def report_file(self) -> Path:
        return self.folder / REPORT_FILE

    @property
    def phase_file(self) -> Path:
        """What a stage is doing; see ``src.record.phase``."""
        return self.folder / "phase.json"

    @property
    def stop_file(self) -> Path:
        """While it is there, a stage saves a checkpoint after its step and ends."""
        return self.folder / "stop"

    @property
    def job_file(self) -> Path:
        """Which job of a Ray cluster carries the run out."""
        return self.folder / JOB_FILE

    @property
    def job_stop_file(self) -> Path:
        """Asks the launcher in that job to save and end."""
        return self.folder / "stop-job.json"

    @property
    def wandb(self) -> Path:
        """W&B's own files."""
        return self.folder / "wandb"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's events, by stage."""
        return self.folder / "tensorboard"

    def cut(self, launch: int) -> Path:
        """What that launch took out of the record; a name that nothing has yet."""
        aside = self.folder / "cut" / str(launch)
        while aside.exists():
            aside = aside.with_name(aside.name + "a")
        return aside


def checkpoint_folder(stage: Path, step: int) -> Path:
    """veRL's folder for a checkpoint, in that of its stage's checkpoints."""
    return stage / f"global_step_{step}"


def checkpoint_folders(stage: Path) -> list[tuple[int, Path]]:
    """Step and folder of the checkpoints in a stage's folder, complete or not, by step."""
    found = [(_STEP_FOLDER.fullmatch(path.name), path) for path in stage.glob("global_step_*")]
    return sorted((int(match[1]), path) for match, path in found if match)


def run_folder(folder: Path, name: str | None) -> Path:
    """A run's folder in ``folder``: of the user's name, checked, or of the date and time, which is a new one.

    Raises:
        UserError: a name that cannot be a folder's.
    """
    if name is not None:
        if not NAME.fullmatch(str(name)):
            raise UserError(f"run.name={name!r}: use letters, digits, dots, hyphens and underscores only")
        return folder / str(name)
    stamp, count = time.strftime("%Y%m%d-%H%M%S"), 1
    found = folder / stamp
    while found.exists():
        count += 1
        found = folder / f"{stamp}-{count}"
    return found


def is_run(folder: Path) -> bool:
    return (folder / RUN_FILE).is_file()
