"""TimeOmni-1 on the real stack: all tasks jointly, SFT and then GRPO, from one command."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.smoke

TASKS = ("scenario", "causality", "forecasting", "decision", "pricing")


def test_the_tasks_are_trained_jointly_and_recorded_apart(launch) -> None:
    run = launch(f"dataset.tasks=[{','.join(TASKS)}]", "logging.wandb=off", recipe="timeomni1")
    assert run.code == 0, run.output
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [("sft", "done"), ("rl", "done")]
    for task in TASKS:
        assert f"{task} (in distribution): " in run.output and f"{task} (out of distribution): " in run.output

    steps = run.metrics("rl")
    assert [line["step"] for line in steps] == [0, 1, 2]
    for line in steps[1:]:
        assert {"reward/mean", "reward/format/mean", "parse/valid_frac", "groups/zero_std_frac"} <= set(line)
        drawn = [task for task in TASKS if f"{task}/reward/mean" in line]
        assert drawn  # four prompts a step
        for task in drawn:
            term = "mae" if task == "forecasting" else "choice"
            assert {f"{task}/reward/{term}/mean", f"{task}/parse/valid_frac"} <= set(line)
            assert f"{task}/reward/{'choice' if task == 'forecasting' else 'mae'}/mean" not in line
        assert abs(line["logprob_gap/mean"]) < 1e-4
    for line in (steps[0], steps[-1]):
        assert {f"val/{task}/fail_frac" for task in TASKS} <= set(line)
        assert {"val/scenario/baseline/majority/acc", "val/forecasting/baseline/copy_yesterday/mae"} <= set(line)

    results = json.loads((run.folder / "evaluation.json").read_text())
    assert set(results) == {"sft", "rl"}
    groups = results["rl"]["groups"]
    assert set(groups) == {name for task in TASKS for name in (task, f"{task}-ood")}
    assert groups["scenario"]["baselines"]["oracle"]["acc_all"]["value"] == 1.0
    assert (run.folder / "report.html").is_file()
    assert not run.left, "processes outlived the run"
