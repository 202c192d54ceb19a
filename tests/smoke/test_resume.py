"""A run that was killed goes on by the same command, and ends as one that was not."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from killable import Killable, assert_complete, computed, kill, kill_group, terminate
from warm import Warm

from src.processes.stopping import EXIT_CODE
from src.record import checkpoints as checkpoint

pytestmark = pytest.mark.smoke


def test_a_killed_run_equals_one_that_was_not(tmp_path: Path, warm: Warm) -> None:
    """2n steps, and n steps, a kill, n steps: the same data, rollouts, losses and weights, to the last bit.

    The run that is killed is launched as a user does, and leaves no process behind; the other has a warm launcher.
    """
    whole = Killable(tmp_path / "whole", {"sft": 8, "rl": 8}, save_freq=3, warm=warm)
    whole.finish()
    # Both resumes stand at the border of an epoch.
    broken = Killable(tmp_path / "broken", {"sft": 8, "rl": 8}, save_freq=3)
    code, output = broken.end(lambda: broken.has("sft", 4), kill_group, ended_within_s=20)
    assert code == -signal.SIGKILL, output
    code, output = broken.end(lambda: broken.has("rl", 4), kill, ended_within_s=20)
    assert code == -signal.SIGKILL and "stage sft goes on after step 3" in output, output
    output = broken.finish()
    assert "stage sft is done (step 8)" in output and "stage rl goes on after step 3" in output
    assert_complete(whole)
    assert_complete(broken)
    cut = [json.loads(line) for file in broken.folder.glob("cut/*/metrics.jsonl") for line in file.open()]
    assert {("sft", 4), ("rl", 4)} <= {(line["stage"], line["step"]) for line in cut}

    for one, other in zip(whole.lines(), broken.lines(), strict=True):
        assert computed(one) == computed(other), (one["stage"], one["step"])
        gaps = [name for name in one if name.startswith("logprob_gap/")]
        assert [one[name] for name in gaps] == pytest.approx([other[name] for name in gaps], abs=1e-5)
    assert len(computed(whole.lines()[-1])) > 60
    weights = [run.folder / "checkpoints" / "rl" / "global_step_8" / "actor" / "huggingface" for run in (whole, broken)]
    assert checkpoint.fingerprint(weights[0]) == checkpoint.fingerprint(weights[1])


def test_two_workers_stop_and_leave_no_validation_out(tmp_path: Path, warm: Warm) -> None:
    """SIGTERM in a step that a validation follows: SFT's comes behind the checkpoint, RL's first in the resume."""
    two = "trainer.n_gpus_per_node=2"
    run = Killable(tmp_path, {"sft": 40, "rl": 6}, two, save_freq=100, test_freq=1, warm=warm)
    for stage in run.steps:
        code, output = run.end(lambda stage=stage: run.has(stage, 1), terminate)
        step = run.recorded(stage)[-1]
        assert code == EXIT_CODE and f"stage {stage} was ended; it will go on after step {step}" in output, output
        assert step < run.steps[stage] and run.saved(stage) == step
        assert run.validated(stage)[-1] == (step if stage == "sft" else step - 1)
    run.finish()
    assert_complete(run)
    # Each of the two SFT workers writes its shard, and each of the two actors.
    for stage in json.loads((run.folder / "run.json").read_text())["stages"]:
        shards = Path(stage["checkpoint"]).parent.glob("model_world_size_2_rank_*.pt")
        assert len(list(shards)) == 2, stage["name"]
