"""Cells as jobs of a SLURM cluster, submitted with submitit."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.errors import UserError


class SlurmJob:
    def __init__(self, job: Any, log: Path) -> None:
        self.job = job
        self.log = log

    @property
    def id(self) -> str:
        return str(self.job.job_id)

    def poll(self) -> int | None:
        if not self.job.done():
            return None
        try:
            return int(self.job.result())
        except Exception as error:  # the job itself was lost: a time limit, a node, an scancel
            with self.log.open("a") as output:
                words = " ".join(str(error).split())[:300]
                output.write(f"error: SLURM job {self.id} ({self.job.state}) did not end: {words}\n")
            return 1


class SlurmExecutor:
    """Jobs of a SLURM cluster, one for each cell. The launcher waits for them, and cancels them when it is ended.

    Args:
        cluster: ``slurm``, or ``local``, which is submitit's own stand-in without a cluster.
        parameters: of ``submitit.AutoExecutor``; those that are null are left to SLURM.
    """

    def __init__(self, cluster: str, parameters: DictConfig | dict[str, Any]) -> None:
        given: Any = OmegaConf.to_container(OmegaConf.create(parameters), resolve=True)
        self._cluster = cluster
        self._parameters = {name: value for name, value in given.items() if value not in (None, [])}
        self._jobs: list[SlurmJob] = []

    def check(self, configs: Sequence[DictConfig], jobs: int) -> None:
        try:
            import submitit  # noqa: F401
        except ImportError:
            raise UserError("hydra/launcher=slurm needs submitit: pip install '.[slurm]'") from None
        try:
            with tempfile.TemporaryDirectory() as folder:  # submitit makes it
                self._executor("a cell", Path(folder))
        except RuntimeError as error:
            raise UserError(f"hydra/launcher=slurm: {error} Start the sweep where sbatch and srun are") from None
        except (NameError, TypeError, ValueError) as error:
            words = " ".join(str(error).split())
            raise UserError(f"hydra.launcher.executor.parameters cannot be used: {words}") from None

    def __enter__(self) -> SlurmExecutor:
        return self

    def start(self, name: str, command: Sequence[str], log: Path, slot: int) -> SlurmJob:
        executor = self._executor(name, log.parent)
        job = SlurmJob(executor.submit(run_command, list(command), str(log)), log)
        self._jobs.append(job)
        return job

    def __exit__(self, *_: object) -> None:
        for job in self._jobs:
            if not job.job.done():
                job.job.cancel()

    def end_left(self, job: str, logs: Path) -> None:
        import submitit

        if self._cluster == "slurm":
            submitit.SlurmJob(folder=_folder(logs), job_id=job).cancel(check=False)

    def _executor(self, name: str, logs: Path) -> Any:
        import submitit

        executor = submitit.AutoExecutor(folder=_folder(logs), cluster=self._cluster)
        executor.update_parameters(name=name, **self._parameters)
        return executor


def _folder(logs: Path) -> Path:
    return logs / "slurm"


def run_command(command: list[str], log: str) -> int:
    """Run a cell's command on the node that the job was given; returns its exit code."""
    with open(log, "ab") as output:
        return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
