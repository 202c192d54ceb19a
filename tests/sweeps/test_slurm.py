"""Cells as SLURM jobs, with submitit's own stand-in for a cluster, and with programs of SLURM's names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from src.config.compose import CONF
from src.errors import UserError
from src.sweeps.slurm import SlurmExecutor

SETTINGS = OmegaConf.load(CONF / "hydra" / "launcher" / "slurm.yaml")


def parameters(**changes) -> dict:
    values = OmegaConf.to_container(SETTINGS.executor.parameters)
    return {**values, "gpus_per_node": 4, **changes}


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with programs of SLURM's names: a job is taken, and lost on its node."""
    pytest.importorskip("submitit", reason="needs the extra slurm")
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "srun", "exit 1")
    program(folder, "sbatch", f'cp "$1" {tmp_path}/script; echo "Submitted batch job 4242"')
    program(folder, "sacct", 'echo "JobID|State|NodeList"; echo "4242|NODE_FAIL|node1"')
    program(folder, "scancel", f'echo "$@" >> {tmp_path}/cancelled')
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.slow  # submitit asks after a job every 15 s
def test_a_job_asks_for_what_the_configuration_says_and_its_loss_is_told(
    slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    changes = {"slurm_partition": "gpu", "slurm_account": "me", "slurm_setup": ["module load cuda"]}
    executor = SlurmExecutor("slurm", parameters(**changes))
    monkeypatch.chdir(slurm)
    executor.check([], 1)
    assert not (slurm / "slurm").exists()
    log = slurm / "cell.log"
    with executor:
        job = executor.start("seed-1", ["true"], log, 0)
        assert job.id == "4242"
        deadline = time.monotonic() + 600
        while (code := job.poll()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert code == 1
    assert "error: SLURM job 4242 (NODE_FAIL) did not end" in log.read_text()
    script = (slurm / "script").read_text()
    for line in ("--partition=gpu", "--account=me", "--gpus-per-node=4", "--cpus-per-task=16", "--time=1440",
                 "--job-name=seed-1"):  # fmt: skip
        assert f"#SBATCH {line}\n" in script
    assert "module load cuda\n" in script and "--qos" not in script


def test_a_job_that_a_killed_launcher_has_left_is_cancelled(slurm: Path) -> None:
    SlurmExecutor("slurm", parameters()).end_left("4242", slurm)
    assert (slurm / "cancelled").read_text().strip() == "4242"


def test_a_parameter_that_submitit_does_not_know_is_refused(slurm: Path) -> None:
    with pytest.raises(UserError, match=r"hydra\.launcher\.executor\.parameters cannot be used: .*gpus"):
        SlurmExecutor("slurm", parameters(gpus=1)).check([], 1)


def test_a_machine_without_slurm_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("submitit", reason="needs the extra slurm")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Could not detect \"srun\".*Start the sweep where sbatch and srun are"):
        SlurmExecutor("slurm", parameters()).check([], 1)
