"""``scale=paper`` composes Time-R1's published run: each value beside its source.

P: arXiv 2506.10630 v1. C: the repository ustc-time-series/Time-R1 at 465f3674, where the paper is silent (its
scripts/time-r1.sh, if no file is named). ``recipes/time_r1/README.md`` lists what differs and why.
"""

from typing import Any

import pytest
from composing import compose_run
from omegaconf import DictConfig, OmegaConf
from published import Table, assert_published, assert_room, each_value

from src.config.checks import check
from src.config.stages import build_stages

PAPER = ("+recipe=time_r1", "scale=paper", "runtime=gpu")

TABLE: Table = (
    # data and task
    ("dataset.name", "etth1", "P section 4: trained on ETTh1 only"),
    ("dataset.context_length", 96, "P section 4: 96 steps of history"),
    ("dataset.horizon", 96, "P section 4: 96 steps ahead"),
    ("dataset.split.borders", [8640, 11520, 14400], "C eval/dataLoader.py: 12, 4 and 4 months of 30 days"),
    ("dataset.prompt.timestamps", "rows", "P section 3.2 and Table 1: dates beside values"),
    ("dataset.prompt.context", True, "P section 3.2 and Table 1: data set described"),
    # model and machine
    ("model.path", "Qwen/Qwen2.5-7B-Instruct", "P section 4"),
    ("model.build", None, "P section 4: a published model"),
    ("trainer.n_gpus_per_node", 4, "P section 4: 4 A800"),
    ("trainer.nnodes", 1, "P section 4"),
    ("actor_rollout_ref.rollout.name", "vllm", "P section 4"),
    # stages
    ("stages", ["sft", "rl"], "P Algorithm 1: warm-up, then RL"),
    ("dataset.traces.samples", 300, "P section 4: SFT samples"),
    ("sft.optim.lr", 5e-5, "P section 4: SFT learning rate"),
    ("sft.trainer.total_epochs", 1, "P section 4: SFT epochs"),
    ("sft.trainer.total_training_steps", None, "P section 4: the epoch ends the stage"),
    # GRIP
    ("algorithm.grip.keep", 16, "P section 4: G"),
    ("actor_rollout_ref.rollout.n", 48, "P section 4: k G = 3 x 16"),
    ("algorithm.grip.sampling", "cluster", "P section 3.4.2: reported as the better of two"),
    ("algorithm.grip.weights", "softmax", "P equation 8"),
    ("algorithm.grip.tau", 1.0, "P equation 8 has no temperature"),
    # objective
    ("algorithm.adv_estimator", "grpo", "P equation 7"),
    ("algorithm.norm_adv_by_std_in_grpo", True, "P equation 7"),
    ("actor_rollout_ref.actor.clip_ratio", 0.2, "P section 4: epsilon"),
    ("actor_rollout_ref.actor.clip_ratio_low", 0.2, "P equation 6: symmetric"),
    ("actor_rollout_ref.actor.clip_ratio_high", 0.2, "P equation 6: symmetric"),
    ("actor_rollout_ref.actor.use_kl_loss", True, "P equation 6: KL stands in the loss"),
    ("algorithm.use_kl_in_reward", False, "P equation 6: and not in the reward"),
    ("actor_rollout_ref.actor.kl_loss_coef", 0.04, "P section 4: beta"),
    ("actor_rollout_ref.actor.kl_loss_type", "low_var_kl", "P equation 6: k3"),
    ("actor_rollout_ref.actor.loss_agg_mode", "seq-mean-token-mean", "P equation 6: 1/|o_i|, then over i"),
    ("actor_rollout_ref.actor.entropy_coeff", 0.0, "P equation 6 has no entropy term"),
    ("actor_rollout_ref.actor.ppo_epochs", 1, "C: veRL's default"),
    ("actor_rollout_ref.actor.optim.lr", 1e-6, "P section 4"),
    ("actor_rollout_ref.actor.optim.lr_warmup_steps", -1, "C: veRL's default, no warm-up"),
    ("actor_rollout_ref.actor.optim.lr_warmup_steps_ratio", 0.0, "C: veRL's default, no warm-up"),
    ("actor_rollout_ref.actor.optim.lr_scheduler_type", "constant", "C: veRL's default"),
    ("actor_rollout_ref.actor.optim.weight_decay", 0.01, "C: veRL's default"),
    ("actor_rollout_ref.actor.optim.clip_grad", 1.0, "C: veRL's default"),
    # batches and sampling
    ("data.train_batch_size", 16, "P section 4"),
    ("actor_rollout_ref.actor.ppo_mini_batch_size", 16, "P gives none: one update per step"),
    ("data.max_response_length", 3000, "P section 4: completion"),
    ("data.max_prompt_length", 3000, "C: data.max_prompt_length"),
    ("data.truncation", "error", "C: data.truncation"),
    ("actor_rollout_ref.rollout.temperature", 1.0, "P section 4"),
    ("actor_rollout_ref.rollout.top_p", 1.0, "C: veRL's default"),
    ("actor_rollout_ref.rollout.top_k", -1, "C: veRL's default"),
    ("trainer.test_freq", 5, "C: trainer.test_freq"),
)


@pytest.fixture(scope="module")
def cfg() -> DictConfig:
    return compose_run(*PAPER)


@each_value(TABLE)
def test_value_is_the_published_one(cfg: DictConfig, key: str, value: Any) -> None:
    assert_published(cfg, key, value)


def test_dual_clip_never_binds(cfg: DictConfig) -> None:
    # Equation 6 has no dual clip; veRL's bounds -rho A by clip_ratio_c |A|.
    assert cfg.actor_rollout_ref.actor.clip_ratio_c >= 1e6


def test_the_run_passes_our_checks_and_has_both_stages(cfg: DictConfig) -> None:
    check(cfg)
    assert [(stage.name, stage.trainer) for stage in build_stages(cfg)] == [("sft", "sft"), ("rl", "ppo")]


def test_rollouts_have_room_for_a_prompt_and_a_completion(cfg: DictConfig) -> None:
    assert_room(cfg)


# Equations 1 to 5 of the paper (reward=time_r1_paper); the two weights that it does not give are the later code's.
REWARD = {
    "preset": "paper", "length": 0.1, "mse": 1.0, "slope": 0.3, "extrema": 0.2, "seasonal": 0.05, "trend": 0.15,
    "tolerance": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def swapped() -> DictConfig:
    return compose_run(*PAPER, "reward=time_r1_paper", "dataset=nasdaq")


def test_the_papers_reward_is_one_override_away(swapped: DictConfig) -> None:
    assert OmegaConf.to_container(swapped.reward.custom_reward_function.reward_kwargs) == REWARD


def test_nasdaq_uses_36_steps(swapped: DictConfig) -> None:
    # P section 4: 36 to 36 for NASDAQ, whose series is short.
    assert (swapped.dataset.context_length, swapped.dataset.horizon) == (36, 36)
