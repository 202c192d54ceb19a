"""``+recipe=artist scale=paper`` composes the paper's run: each value beside its source.

P: arXiv 2602.18645 and its project page, at second hand. C: a default of the reference code (mims-harvard/ARTIST at
2bbc28a). Y: its configs/rl_*.yaml. N: not known, or not of use here; ``recipes/artist/README.md`` says what was chosen.
"""

from typing import Any

import pytest
from composing import compose_run
from omegaconf import DictConfig
from published import Table, assert_published, assert_room, each_value

from src.config.checks import check
from src.config.group import compose_group
from src.config.stages import build_stages
from src.errors import UserError
from src.launcher.admit import admit
from src.launcher.cost import costs

PAPER = ("+recipe=artist", "scale=paper", "runtime=gpu")
SESSION, ACTOR = "dataset.session", "actor_rollout_ref.actor"
REWARD = "reward.custom_reward_function.reward_kwargs"

TABLE: Table = (
    # model, data and machine
    ("model.path", "Qwen/Qwen3-4B", "P, C"),
    ("dataset.name", "artist_eti", "P: one of six, a model is trained on each"),
    ("trainer.n_gpus_per_node", 4, "P: 4 x H100"),
    # stage 1
    ("stages", ["sft", "rl"], "P"),
    ("sft.optim.lr", 2e-5, "C"),
    ("sft.optim.weight_decay", 0.01, "C"),
    ("sft.data.train_batch_size", 16, "N: 4 in the code"),
    # stage 2: sessions
    (f"{SESSION}.max_rounds", 5, "Y"),
    (f"{SESSION}.answers", 6, "P, Y: N, the session's own among them"),
    (f"{SESSION}.controller.temperature", 1.0, "P, Y"),
    (f"{SESSION}.controller.max_tokens", 256, "C"),
    (f"{SESSION}.reasoner.temperature", 0.7, "P, Y"),
    (f"{SESSION}.reasoner.max_tokens", 512, "Y"),
    ("dataset.view.include_full_series", False, "P: 30 to 70 % of a series are read; Y has true"),
    ("actor_rollout_ref.rollout.n", 6, "P: G; Y has 1, which leaves no group"),
    ("actor_rollout_ref.rollout.top_p", 1.0, "N: C has 0.9 beside log-probabilities of the whole softmax"),
    ("actor_rollout_ref.rollout.top_k", -1, "N: C has 50"),
    # stage 2: reward
    (f"{REWARD}.preset", "paper", "P"),
    (f"{REWARD}.reliability", 3.0, "Y: consistency_weight"),
    (f"{REWARD}.accuracy", 3.0, "Y"),
    (f"{REWARD}.format", 1.0, "Y"),
    (f"{REWARD}.rounds", 0.0, "P: no such term; Y has 0.1"),
    (f"{REWARD}.exploration", 0.0, "P: no such term; C has 0.5"),
    (f"{REWARD}.error", -1.0, "P; C has -2"),
    # stage 2: optimisation
    ("algorithm.artist.selection", "variance", "P, C"),
    ("algorithm.use_kl_in_reward", False, "C: KL in the loss, of the reasoner alone"),
    ("data.train_batch_size", 64, "Y: 1 question x 16 x 4 GPUs"),
    (f"{ACTOR}.ppo_mini_batch_size", 64, "C: one update per generation"),
    (f"{ACTOR}.optim.lr", 1e-6, "Y"),
    (f"{ACTOR}.optim.lr_warmup_steps", 10, "Y"),
    (f"{ACTOR}.use_kl_loss", True, "Y"),
    (f"{ACTOR}.kl_loss_coef", 0.002, "Y: beta"),
    (f"{ACTOR}.kl_loss_type", "low_var_kl", "C: k3"),
    (f"{ACTOR}.entropy_coeff", 0.0, "C: none"),
    (f"{ACTOR}.loss_agg_mode", "token-mean", "Y: bnpo"),
    (f"{ACTOR}.grad_clip", 1.0, "C: Hugging Face's default"),
    ("trainer.total_epochs", 1, "Y"),
    ("trainer.save_freq", 50, "Y"),
    ("data.max_prompt_length", 7680, "N: 2048 in Y, where 8 values of a series are one token"),
    # evaluation
    ("evaluation.runs", 8, "P"),
)

# P: training, validation and test questions.
SIZES = {
    "artist_eti": (11778, 1000, 200),
    "artist_rcw": (19135, 4405, 226),
    "artist_ecg_qa": (16663, 1999, 202),
    "artist_sleep_qa": (7268, 1817, 204),
    "artist_tsqa": (7243, 1811, 207),
    "artist_trqa": (17241, 2487, 200),
}


@pytest.fixture(scope="module")
def cfg() -> DictConfig:
    return compose_run(*PAPER)


@each_value(TABLE)
def test_value_is_the_published_one(cfg: DictConfig, key: str, value: Any) -> None:
    assert_published(cfg, key, value)


def test_the_run_passes_our_checks(cfg: DictConfig) -> None:
    check(cfg)
    assert [(stage.name, stage.trainer) for stage in build_stages(cfg)] == [("sft", "sft"), ("rl", "ppo")]
    assert_room(cfg)


@pytest.mark.parametrize("dataset", SIZES)
def test_every_dataset_has_the_papers_number_of_questions(dataset: str) -> None:
    most = compose_group("dataset", dataset).max_rows
    assert (most.train, most.val, most.test) == SIZES[dataset]


def test_only_stages_of_sleep_are_balanced() -> None:
    assert [name for name in SIZES if compose_group("dataset", name).balanced] == ["artist_sleep_qa"]  # Y


def test_the_cost_of_a_step_is_the_formulas(cfg: DictConfig) -> None:
    """G [min(R + 1, 5) L_c + R L_r + (N - 1) L_r] tokens a question, with L at its limits; 21.5 k of one for R = 1."""
    begin = "stage rl: a step of 64 prompts with 6 sessions each"
    lines = costs(build_stages(cfg))
    assert lines[0] == (
        f"{begin}, 1 segment read, makes 768 controller calls of 256 tokens and 2,304 reasoner calls of 512 tokens: "
        "1,376,256 new tokens at most"
    )
    assert lines[4] == (
        f"{begin}, 5 segments read, makes 1,920 controller calls of 256 tokens and 3,840 reasoner calls of 512 tokens: "
        "2,457,600 new tokens at most"
    )
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("dataset.view.include_full_series=true", "768 controller calls of 256 tokens and 2,688 reasoner calls"),
        ("dataset.session.policy=reasoner", "2,304 reasoner calls of 512 tokens: 1,179,648 new tokens"),
        ("dataset.session.answers=1", "768 controller calls of 256 tokens and 384 reasoner calls"),
    ],
)
def test_the_cost_follows_what_sessions_do(change: str, first: str) -> None:
    assert first in costs(build_stages(compose_run(*PAPER, change)))[0]


def test_its_sft_stage_needs_a_chat_models_traces() -> None:
    """The paper's are not published, and no teacher knows the evidence."""
    with pytest.raises(UserError, match=r"^stage sft: dataset artist_eti has no teacher: give dataset.traces"):
        admit(compose_run(*PAPER, "launch.download=true"), {})
    stages = admit(compose_run(*PAPER, "launch.download=true", "stages=[rl]"), {})
    assert [stage.name for stage in stages] == ["rl"]
