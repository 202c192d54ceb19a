"""``+recipe=timeomni1 scale=paper`` composes the published run: each value beside its source.

P: arXiv 2509.24803 v2. R: the repository AntonGuan/TimeOmni-1 (inference and evaluation only). N: the paper's value is
not known; the value is a choice that ``recipes/timeomni1/README.md`` explains.
"""

from typing import Any

import pytest
from composing import compose_run
from omegaconf import DictConfig
from published import Table, assert_published, assert_room, each_value

from src.config.checks import check
from src.config.compose import CONF
from src.config.stages import build_stages

PAPER = ("+recipe=timeomni1", "scale=paper", "runtime=gpu")

TABLE: Table = (
    # data
    ("dataset.tasks", ["scenario", "causality", "forecasting", "decision"], "P section 3: four tasks, trained jointly"),
    ("dataset.rows.sft.scenario", 609, "P data table"),
    ("dataset.rows.sft.causality", 778, "P data table"),
    ("dataset.rows.sft.forecasting", 400, "P data table"),
    ("dataset.rows.sft.decision", 552, "P data table"),
    ("dataset.rows.train.scenario", 5104, "P data table"),
    ("dataset.rows.train.causality", 6044, "P data table"),
    ("dataset.rows.train.forecasting", 2780, "P data table"),
    ("dataset.rows.train.decision", 3284, "P data table"),
    ("dataset.rows.test.scenario", 200, "P data table"),
    ("dataset.rows.test.causality", 800, "P data table"),
    ("dataset.rows.test.forecasting", 418, "P data table"),
    ("dataset.rows.test.decision", 188, "P data table"),
    ("dataset.rows.test_ood.scenario", 899, "P data table"),
    ("dataset.rows.test_ood.causality", 800, "P data table"),
    ("dataset.rows.test_ood.forecasting", 476, "P data table"),
    ("dataset.rows.test_ood.decision", 273, "P data table"),
    # model and machine
    ("model.path", "Qwen/Qwen2.5-7B-Instruct", "P implementation"),
    ("model.build", None, "P implementation: a published model"),
    ("trainer.n_gpus_per_node", 8, "P implementation: 8 A800"),
    # stage 1
    ("stages", ["sft", "rl"], "P section 4: two stages"),
    ("sft.data.train_batch_size", 32, "P: 1 x 32 accumulation steps"),
    ("sft.data.micro_batch_size_per_gpu", 1, "P"),
    ("sft.data.use_dynamic_bsz", False, "P: micro-batches of a fixed size"),
    ("sft.data.max_length", 8192, "P"),
    ("sft.optim.lr", 1e-5, "N"),
    ("sft.optim.lr_scheduler_type", "cosine", "P"),
    ("sft.optim.lr_warmup_steps_ratio", 0.1, "P"),
    ("sft.optim.clip_grad", 1.0, "N"),
    ("sft.trainer.total_epochs", 1, "P"),
    # stage 2
    ("data.train_batch_size", 128, "P"),
    ("actor_rollout_ref.actor.ppo_mini_batch_size", 32, "P"),
    ("actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu", 8, "P"),
    ("actor_rollout_ref.actor.grad_clip", 3.0, "P"),
    ("actor_rollout_ref.actor.optim.clip_grad", 3.0, "P, the key that veRL's engine reads"),
    ("actor_rollout_ref.actor.optim.lr", 1e-6, "N"),
    ("actor_rollout_ref.actor.optim.lr_scheduler_type", "constant", "P"),
    ("actor_rollout_ref.actor.use_kl_loss", True, "P equation 5: in the loss"),
    ("actor_rollout_ref.actor.kl_loss_coef", 0.04, "P: beta"),
    ("actor_rollout_ref.actor.kl_loss_type", "low_var_kl", "P: GRPO's estimator"),
    ("algorithm.use_kl_in_reward", False, "P equation 5"),
    ("algorithm.adv_estimator", "grpo", "P equation 5"),
    ("algorithm.norm_adv_by_std_in_grpo", True, "P equation 5"),
    ("actor_rollout_ref.actor.clip_ratio_low", 0.2, "N"),
    ("actor_rollout_ref.actor.clip_ratio_high", 0.2, "N"),
    ("actor_rollout_ref.actor.loss_agg_mode", "token-mean", "N: veRL's default"),
    ("actor_rollout_ref.actor.entropy_coeff", 0.0, "P equation 5 has no entropy term"),
    ("actor_rollout_ref.rollout.n", 8, "P: G"),
    ("actor_rollout_ref.rollout.temperature", 0.7, "P"),
    ("data.max_response_length", 2048, "P: maximum sequence length"),
    ("data.max_prompt_length", 3072, "N: what the build's statistics need"),
    ("trainer.total_epochs", 3, "P"),
    # reward
    ("reward.custom_reward_function.reward_kwargs.preset", "paper", "P equation 8: exp(-alpha MAE)"),
    ("reward.custom_reward_function.reward_kwargs.alpha", 0.1, "R a comment of the scorer"),
    ("reward.custom_reward_function.reward_kwargs.count", 0.1, "P equation 8, at second hand"),
    ("reward.custom_reward_function.reward_kwargs.format", 0.1, "N"),
    ("reward.custom_reward_function.reward_kwargs.task", 1.0, "N"),
    # evaluation
    ("actor_rollout_ref.rollout.val_kwargs.temperature", 0.1, "R"),
    ("actor_rollout_ref.rollout.val_kwargs.top_p", 0.001, "R"),
)


@pytest.fixture(scope="module")
def cfg() -> DictConfig:
    return compose_run(*PAPER)


@each_value(TABLE)
def test_value_is_the_published_one(cfg: DictConfig, key: str, value: Any) -> None:
    assert_published(cfg, key, value)


def test_the_run_passes_our_checks_and_has_the_papers_steps(cfg: DictConfig) -> None:
    check(cfg)
    assert [(stage.name, stage.trainer) for stage in build_stages(cfg)] == [("sft", "sft"), ("rl", "ppo")]
    rows = {split: sum(cfg.dataset.rows[split][task] for task in cfg.dataset.tasks) for split in ("sft", "train")}
    assert rows["train"] // cfg.data.train_batch_size * cfg.trainer.total_epochs == 402
    assert rows["sft"] // cfg.sft.data.train_batch_size == 73


def test_there_is_room_for_every_prompt_and_answer(cfg: DictConfig) -> None:
    assert cfg.dataset.max_prompt_tokens < cfg.data.max_prompt_length
    assert_room(cfg)


# The rows of the paper's ablation table (Table 2, figures 6 and 7): conf/ablation/timeomni1_<row>.yaml.
FOUR = ["scenario", "causality", "forecasting", "decision"]
ABLATIONS: dict[str, tuple[list[str], list[str], list[str] | None, bool]] = {  # stages, tasks, test tasks, answer only
    "full": (["sft", "rl"], FOUR, None, False),
    "ans_sft": (["sft"], FOUR, None, True),
    "cot_sft": (["sft"], FOUR, None, False),
    "rl": (["rl"], FOUR, None, False),
    "scenario": (["sft", "rl"], ["scenario"], None, False),
    "causality": (["sft", "rl"], ["causality"], None, False),
    "forecasting": (["sft", "rl"], ["forecasting"], None, False),
    "decision": (["sft", "rl"], ["decision"], None, False),
    "transfer_perception": (["sft", "rl"], FOUR[:2], ["decision"], False),
    "transfer_extrapolation": (["sft", "rl"], FOUR[:3], ["decision"], False),
    "supplement": (["sft", "rl"], FOUR[2:], ["decision"], False),
}


@pytest.mark.parametrize("row", ABLATIONS)
def test_every_row_of_the_ablation_table_is_a_group_option(row: str) -> None:
    cfg = compose_run(*PAPER, f"+ablation=timeomni1_{row}")
    check(cfg)
    stages, tasks, tested, answer_only = ABLATIONS[row]
    assert [stage.name for stage in build_stages(cfg)] == stages
    assert (cfg.dataset.tasks, cfg.dataset.test_tasks, cfg.dataset.traces.answer_only) == (tasks, tested, answer_only)


def test_the_ablation_table_has_no_other_rows() -> None:
    assert {path.stem for path in (CONF / "ablation").glob("timeomni1_*")} == {f"timeomni1_{row}" for row in ABLATIONS}
