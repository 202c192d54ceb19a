"""LoRA in both stages on the real stack, proved by the weights that every stage leaves behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from killable import Killable, assert_complete
from safetensors.torch import load_file
from warm import Warm

from src.launcher.start_from import find
from src.record import checkpoints as checkpoint
from src.record.best import held_out
from src.runs import read_run

pytestmark = pytest.mark.smoke

Weights = dict[str, torch.Tensor]
RANK, ALPHA = 4, 16
STEPS = {"sft": 4, "rl": 4}
KEPT = 2


def _run(folder: Path, warm: Warm, *arguments: str) -> Killable:
    models = [f"{model}.{key}" for model in ("sft.model", "actor_rollout_ref.model")
              for key in (f"lora_rank={RANK}", f"lora_alpha={ALPHA}")]  # fmt: skip
    run = Killable(folder, STEPS, *models, "seed=3", *arguments, save_freq=1, test_freq=1, warm=warm)
    run.command = [word.replace("evaluation.enable=false", "evaluation.enable=true") for word in run.command]
    run.command += ["evaluation.runs=1", "evaluation.max_windows=1"]
    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Killable:
    """A run of both stages with adapters, which was never ended."""
    run = _run(tmp_path_factory.mktemp("whole"), warm)
    run.finish()
    return run


def _export(run: Killable, stage: str, step: int | None = None) -> Path:
    inside = "huggingface" if stage == "sft" else "actor/huggingface"
    return run.folder / "checkpoints" / stage / f"global_step_{step or STEPS[stage]}" / inside


def _model(folder: Path) -> Weights:
    return load_file(folder / "model.safetensors")


def _trained(run: Killable, stage: str) -> Weights:
    """What the stage's trainer holds at its end, the adapters apart, under the base model's names."""
    file = _export(run, stage).parent / "model_world_size_1_rank_0.pt"
    held = torch.load(file, weights_only=False)
    return {name.removeprefix("base_model.model."): one.to_local() for name, one in held.items()}


def test_each_stage_starts_from_the_merged_export_before_and_changes_it_by_its_adapters_alone(whole: Killable) -> None:
    assert_complete(whole)
    base = _model(whole.folder / "model")
    for stage in STEPS:
        trained, exported = _trained(whole, stage), _model(_export(whole, stage))
        assert exported.keys() == base.keys()
        adapted = {name for name in base if name.replace(".weight", ".lora_A.default.weight") in trained}
        assert len(adapted) == 14  # seven linear layers in each of two blocks
        for name, start in base.items():
            stem, _, kind = name.rpartition(".")
            live = trained.get(f"{stem}.base_layer.{kind}", trained.get(name))
            assert torch.equal(live, start), f"{stage} has changed {name} itself"
            if name in adapted:
                down, up = (trained[f"{stem}.lora_{one}.default.weight"] for one in "AB")
                assert up.abs().max() > 0
                torch.testing.assert_close(exported[name], start + ALPHA / RANK * up @ down)
                assert not torch.equal(exported[name], start)
            else:
                assert torch.equal(exported[name], start)
        base = exported  # what the next stage starts from


def test_rollouts_and_the_evaluation_use_the_trained_weights(whole: Killable) -> None:
    steps = [line for line in whole.lines() if line["stage"] == "rl" and "reward/mean" in line]
    assert steps[-1]["actor/grad_norm"] > 0 and steps[-1]["actor/kl_loss"] > 0  # from the base below the adapters
    # By the last step vLLM has been sent three sets of adapters; it samples from what FSDP trains.
    assert all(line["logprob_gap/mean"] < 1e-4 for line in steps)
    request = json.loads((whole.folder / "config" / "evaluation.json").read_text())
    assert request["models"] == {stage: str(_export(whole, stage)) for stage in STEPS}
    assert request["fingerprints"] == {stage: checkpoint.fingerprint(_export(whole, stage)) for stage in STEPS}
    results = json.loads((whole.folder / "evaluation.json").read_text())
    assert {stage: one["model_name"] for stage, one in results.items()} == request["models"]


def test_the_best_checkpoint_is_kept_beside_the_newest_and_taken_by_its_name(whole: Killable) -> None:
    record = json.loads((whole.folder / "run.json").read_text())
    for stage, metric, pick in (("sft", "val/loss", min), ("rl", "val/*/reward", max)):
        values = held_out(whole.folder, stage, metric)
        assert set(values) >= set(range(1, STEPS[stage] + 1))
        best = pick(range(1, STEPS[stage] + 1), key=values.__getitem__)
        newest = set(range(STEPS[stage] - KEPT + 1, STEPS[stage] + 1))
        saved = {one.step for one in checkpoint.complete(whole.folder / "checkpoints" / stage)}
        assert saved == newest | {best}
        noted = next(one["best"] for one in record["stages"] if one["name"] == stage)
        assert (noted["step"], noted["value"], noted["metric"]) == (best, values[best], metric)
        source = find(f"{whole.folder}@{stage}/best", whole.folder)
        assert source.model == noted["model"] == str(read_run(whole.folder).best_checkpoint(stage=stage).model)


@pytest.mark.parametrize("stage", STEPS)
def test_a_resumed_stage_equals_an_unbroken_one(whole: Killable, tmp_path: Path, warm: Warm, stage: str) -> None:
    """The run's folder as a kill in the stage's last step would have left it, and the same command again."""
    broken = _run(tmp_path, warm, *(["stages=[sft]", "evaluation.enable=false"] if stage == "sft" else []))
    reward = "reward.custom_reward_function.path="  # a file of each run's own, by its path
    given = next(word for word in whole.command if word.startswith(reward))
    broken.command = [given if word.startswith(reward) else word for word in broken.command]
    shutil.copytree(whole.folder, broken.folder)
    shutil.rmtree(broken.folder / "checkpoints" / stage / f"global_step_{STEPS[stage]}")
    if stage == "sft":  # RL has not begun
        shutil.rmtree(broken.folder / "checkpoints" / "rl")
        record = json.loads((broken.folder / "run.json").read_text())
        record["stages"][1] = {"name": "rl", "trainer": "ppo", "state": "pending"}
        (broken.folder / "run.json").write_text(json.dumps(record))
    output = broken.finish()
    assert f"stage {stage} goes on after step {STEPS[stage] - 1}" in output
    assert checkpoint.fingerprint(_export(broken, stage)) == checkpoint.fingerprint(_export(whole, stage))
