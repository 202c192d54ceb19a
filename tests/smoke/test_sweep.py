"""A real sweep: killed in the middle, given again, and read from its table."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from launching import ROOT, Family

from src.runs import list_runs

pytestmark = pytest.mark.smoke

SMALLEST = ("stages=[rl]", "trainer.total_training_steps=1", "trainer.test_freq=1", "trainer.val_before_train=false",
            "trainer.save_freq=1", "evaluation.enable=false", "logging.wandb=off")  # fmt: skip


def command(folder: Path) -> list[str]:
    return [
        sys.executable, "-m", "src.launch", "-m", "+recipe=time_r1", "scale=smoke", "runtime=cpu",
        f"run.folder={folder}", "sweep.name=grid", "algorithm=grpo,grip", "seed=1,2", "sweep.jobs=2",
        *SMALLEST,
    ]  # fmt: skip


def cells(sweep: Path) -> dict[str, dict]:
    record = sweep / "sweep.json"
    return {cell["name"]: cell for cell in json.loads(record.read_text())["cells"]} if record.exists() else {}


def test_a_killed_sweep_goes_on_and_ends_in_a_table(tmp_path: Path) -> None:
    sweep = tmp_path / "sweeps" / "grid"
    first = subprocess.Popen(command(tmp_path), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    family = Family(first.pid)
    deadline = time.monotonic() + 900
    third_cell = sweep / "time_r1" / "algorithm-grip__seed-1" / "logs" / "rl.log"
    while not third_cell.exists():  # one of the first two is done, and this one's Ray is coming up
        assert first.poll() is None and time.monotonic() < deadline, first.communicate()[0]
        time.sleep(0.3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not family.left(), "processes outlived the sweep"
    before = cells(sweep)
    done = [name for name, cell in before.items() if cell["state"] == "done"]
    assert done and "algorithm-grip__seed-1" not in done and {cell["attempts"] for cell in before.values()} <= {0, 1}

    again = subprocess.run(command(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False, timeout=1500)
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"4 cells, {len(done)} done before, {4 - len(done)} to run" in again.stdout
    after = cells(sweep)
    assert {name: (cell["state"], cell["attempts"]) for name, cell in after.items()} == {
        name: ("done", before[name]["attempts"] + (name not in done))
        for name in (f"algorithm-{algorithm}__seed-{seed}" for algorithm in ("grpo", "grip") for seed in (1, 2))
    }
    assert [after[name]["started"] for name in done] == [before[name]["started"] for name in done]

    with (sweep / "table.csv").open() as file:
        table = {row["algorithm"]: row for row in csv.DictReader(file)}
    assert set(table) == {"grpo", "grip"}
    for algorithm, row in table.items():
        runs = [run for run in list_runs(sweep) if run.name in after and algorithm in run.name]
        rewards = [run.metrics("rl")["val/demand/reward"].iloc[-1] for run in runs]
        assert row["n"] == "2" and len(rewards) == 2
        assert float(row["val/*/reward"]) == pytest.approx(sum(rewards) / 2)
    report = (sweep / "report.html").read_text()
    assert "4 of 4 cells are done" in report and "Over" in report
