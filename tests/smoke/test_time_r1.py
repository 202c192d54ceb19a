"""Time-R1 on the real stack: SFT, then GRIP, from one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from readme import write_algorithms
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

pytestmark = pytest.mark.smoke

EVERY_STEP = (
    "reward/mean",
    "reward/std",
    "reward/format/mean",
    "reward/length/mean",
    "reward/mse/mean",
    "reward/seasonal/std",
    "reward/trend/mean",
    "reward/structural/mean",
    "parse/valid_frac",
    "groups/zero_std_frac",
    "select/kept_frac",
    "actor/kl_loss",
    "actor/entropy",
    "actor/pg_clipfrac",
    "response_length/mean",
    "response_length/limit_frac",
    "logprob_gap/mean",
    "logprob_gap/max",
    "timing_s/gen",
    "timing_s/old_log_prob",
    "timing_s/ref",
    "timing_s/update_actor",
    "timing_s/update_weights",
    "timing_s/step",
    "perf/throughput",
)


def _events(folder: Path, tag: str) -> list[int]:
    """The steps that TensorBoard finds there."""
    return [point.step for point in EventAccumulator(str(folder)).Reload().Scalars(tag)]


def test_the_recipe_trains_records_and_reports(launch) -> None:
    run = launch("logging.wandb=offline", "logging.trackers=[wandb,tensorboard]", ordinary=True)
    assert run.code == 0, run.output
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [("sft", "done"), ("rl", "done")]
    for stage in run.record["stages"]:
        checkpoint = Path(stage["checkpoint"])
        assert (checkpoint / "config.json").is_file() and list(checkpoint.glob("*.safetensors"))

    assert [line["step"] for line in run.metrics("sft") if "train/loss" in line] == [1, 2, 3]
    steps = run.metrics("rl")
    assert [line["step"] for line in steps] == [0, 1, 2]
    for line in steps[1:]:
        assert not [name for name in EVERY_STEP if name not in line]
        assert line["select/kept_frac"] == 0.5  # keep 2 of 4
        assert abs(line["logprob_gap/mean"]) < 1e-4  # vLLM samples from the weights that FSDP trains
    assert abs(steps[1]["actor/kl_loss"]) < 1e-6  # KL is measured from the stage's start, which the policy is still
    for line in (steps[0], steps[-1]):
        assert {"val/demand/fail_frac", "val/demand/reward", "val/demand/baseline/last_day/mse"} <= set(line)

    samples = [json.loads(line) for line in (run.folder / "samples" / "rl_2.jsonl").read_text().splitlines()]
    assert {"train", "val"} == {sample["split"] for sample in samples}
    assert {True, False} == {sample["kept"] for sample in samples if sample["split"] == "train"}
    assert all("History" in sample["prompt"] for sample in samples) and any(sample["response"] for sample in samples)

    results = json.loads((run.folder / "evaluation.json").read_text())
    assert set(results) == {"sft", "rl"} and results["rl"]["groups"]["demand"]["questions"] == 4
    assert "<svg" in (run.folder / "report.html").read_text() or "canvas" in (run.folder / "report.html").read_text()
    assert list((run.folder / "wandb").glob(f"offline-run-*-{run.record['wandb_id']}"))
    assert _events(run.folder / "tensorboard" / "sft", "train/loss") == [1, 2, 3]
    assert _events(run.folder / "tensorboard" / "rl", "reward/mean") == [1, 2]
    assert not run.left, "processes outlived the run"


REWARD = """
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **settings):
    digits = sum(character.isdigit() for character in solution_str)
    return {"score": digits / max(len(solution_str), 1), "digits": float(digits), "valid": 1.0}
"""


def test_the_user_wins_over_recipe_scale_and_runtime_and_an_own_reward_rises_by_an_own_algorithm(
    launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_reward.py").write_text(REWARD)
    write_algorithms(tmp_path)  # README's
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = launch(
        f"--config-dir={tmp_path / 'conf'}", "algorithm=median", "stages=[rl]",
        f"reward.custom_reward_function.path={tmp_path / 'my_reward.py'}",
        "reward.custom_reward_function.reward_kwargs={}", "trainer.total_training_steps=14", "trainer.test_freq=-1",
        "trainer.val_before_train=false", "trainer.save_freq=14", "data.train_batch_size=8",
        "actor_rollout_ref.actor.ppo_mini_batch_size=8", "actor_rollout_ref.rollout.n=8",
        "actor_rollout_ref.actor.optim.lr=3e-3", "actor_rollout_ref.actor.kl_loss_coef=0.0", "evaluation.enable=false",
    )  # fmt: skip
    assert run.code == 0, run.output
    rewards = [line["reward/mean"] for line in run.metrics("rl")]
    assert len(rewards) == 14
    # A random model writes few digits (10 of 289 tokens); fivefold was seen after 14 steps.
    assert sum(rewards[-3:]) > 2 * sum(rewards[:3]), rewards
    assert all("reward/digits/mean" in line for line in run.metrics("rl"))
    last = run.metrics("rl")[-1]
    assert last["actor/lr"] == pytest.approx(3e-3)
    assert last["select/kept_frac"] == 1.0
    assert "KL" in run.output and "rl 14/14" in run.output
