"""Three stages in one run, two of them RL: each has its own data, reward, algorithm and reference."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from launching import ROOT, command
from omegaconf import OmegaConf

pytestmark = pytest.mark.smoke

REWARD = """
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **settings):
    return {"score": float(len(solution_str) % 5), "letters": float(len(solution_str)), "valid": 1.0}
"""


def test_two_rl_stages_differ_in_data_reward_algorithm_and_reference(launch, tmp_path: Path) -> None:
    (tmp_path / "my_reward.py").write_text(REWARD)
    arguments = (
        "stages=[sft,perception,reasoning]", "sft.trainer.total_training_steps=2", "evaluation.enable=false",
        "stage.perception.kind=rl", "stage.perception.reference=first", "stage.perception.dataset.horizon=4",
        "stage.perception.actor_rollout_ref.actor.optim.lr=1e-3",
        "stage.reasoning.kind=rl", "stage.reasoning.dataset.max_windows.train=32", "stage.reasoning.algorithm=grpo",
        f"stage.reasoning.reward.custom_reward_function.path={tmp_path / 'my_reward.py'}",
        "stage.reasoning.trainer.total_training_steps=1",
        "stage.reasoning.actor_rollout_ref.actor.use_kl_loss=false",
        "stage.reasoning.actor_rollout_ref.actor.clip_ratio_high=0.28",
    )  # fmt: skip
    run = launch(*arguments)
    assert run.code == 0, run.output
    sft, perception, reasoning = stages = run.record["stages"]
    assert [(stage["name"], stage["trainer"], stage["state"]) for stage in stages] == [
        ("sft", "sft", "done"),
        ("perception", "ppo", "done"),
        ("reasoning", "ppo", "done"),
    ]
    # Each starts from the export of the one before.
    assert (perception["model"], reasoning["model"]) == (sft["checkpoint"], perception["checkpoint"])
    assert (Path(reasoning["checkpoint"]) / "config.json").is_file()

    config = {name: OmegaConf.load(run.folder / "config" / f"{name}.yaml") for name in ("perception", "reasoning")}
    assert config["perception"].actor_rollout_ref.reference_path == sft["model"] == str(run.folder / "model")
    assert "reference_path" not in config["reasoning"].actor_rollout_ref
    clips = [one.actor_rollout_ref.actor.clip_ratio_high for one in config.values()]
    assert clips == [0.2, 0.28]

    first, second = run.metrics("perception"), run.metrics("reasoning")
    assert ([line["step"] for line in first], [line["step"] for line in second]) == ([0, 1, 2], [0, 1])
    # In the first step the policy is still the stage's start: KL is that of two SFT steps.
    assert first[1]["actor/kl_loss"] > 1e-3 and first[1]["timing_s/ref"] > 0
    assert not [name for name in second[1] if name.startswith(("actor/kl", "timing_s/ref"))]
    assert (first[1]["actor/lr"], second[1]["actor/lr"]) == (pytest.approx(1e-3), pytest.approx(1e-4))
    assert (first[1]["select/kept_frac"], second[1]["select/kept_frac"]) == (0.5, 1.0)
    assert "reward/mse/mean" in first[1] and "reward/letters/mean" not in first[1]
    assert "reward/letters/mean" in second[1] and "reward/mse/mean" not in second[1]

    # One build per dataset; what is asked for differs.
    built = [run.folder / "data", run.folder / "data" / "perception", run.folder / "data" / "reasoning"]
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in built]
    assert [stage["inputs"]["data"] for stage in stages] == [manifest["fingerprint"] for manifest in manifests]
    assert [manifest["counts"]["train"] for manifest in manifests] == [64, 64, 32]
    assert (perception["data"]["folder"], reasoning["data"]["folder"]) == ("data/perception", "data/reasoning")
    assert not run.left, "processes outlived the run"

    again = launch(*arguments)
    assert again.code == 0, again.output
    for name, step in (("sft", 2), ("perception", 2), ("reasoning", 1)):
        assert f"stage {name} is done (step {step})" in again.output
    assert again.record["stages"] == stages

    changed = [*command(tmp_path, "run", *arguments), "stage.reasoning.data.train_batch_size=8"]
    refused = subprocess.run(changed, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert refused.returncode == 2
    assert f"stage reasoning of the run {run.folder} is stale" in refused.stderr
    assert "data.train_batch_size: 4 -> 8" in refused.stderr and "stage perception" not in refused.stderr
