"""A value that cannot be used is refused before anything starts, veRL's keys as well as the project's."""

from collections.abc import Callable

import pytest
from omegaconf import DictConfig, OmegaConf, open_dict

from src.config.checks import check
from src.errors import ConfigError

Refusal = Callable[[str, object], str | None]


@pytest.fixture
def refusal(compose_run: Callable[..., DictConfig]) -> Refusal:
    """Return a function that sets a key of the smoke run, and gives what ``check`` says of it."""

    def apply(key: str, value: object) -> str | None:
        cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")
        with open_dict(cfg):
            OmegaConf.update(cfg, key, value)
        try:
            check(cfg)
        except ConfigError as error:
            return str(error)
        return None

    return apply


_SEED = "a whole number of at least 0 and at most 4294967295"
_STEPS = "a whole number of at least 1, or null"
REFUSED: tuple[tuple[str, object, str], ...] = (
    ("seed", -1, _SEED),
    ("seed", 2**32, _SEED),
    ("actor_rollout_ref.actor.optim.lr", "1e-6x", "a number of at least 0"),
    ("sft.optim.lr", float("nan"), "a number of at least 0"),
    ("sft.optim.betas", 0.9, "a list"),
    ("sft.optim.betas", [0.9, "x"], "a list of numbers"),
    ("sft.optim.lr_scheduler_type", "linear", "one of constant, cosine"),
    ("actor_rollout_ref.rollout.temperature", -1, "a number above 0"),
    ("actor_rollout_ref.rollout.temperature", 0, "a number above 0"),
    ("actor_rollout_ref.rollout.val_kwargs.temperature", -1, "a number of at least 0"),
    ("actor_rollout_ref.rollout.enforce_eager", "maybe", "true or false"),
    ("trainer.total_training_steps", 0, _STEPS),
    ("sft.trainer.total_training_steps", 0, _STEPS),
    ("trainer.test_freq", 0, "a whole number of at least 1, or -1"),
    ("reward.num_workers", "x", "a number"),
    ("evaluation.runs", 0, "a whole number of at least 1"),
    ("model.build.layers", 0, "a whole number of at least 1"),
)


@pytest.mark.parametrize(("key", "value", "may_be"), REFUSED)
def test_a_value_out_of_its_bounds(refusal: Refusal, key: str, value: object, may_be: str) -> None:
    assert refusal(key, value) == f"{key}={value}: give {may_be}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 2**32 - 1),
        ("sft.optim.lr", 0),
        ("actor_rollout_ref.rollout.val_kwargs.temperature", 0),
        ("trainer.total_training_steps", None),
        ("trainer.test_freq", -1),
        ("actor_rollout_ref.actor.entropy_coeff", -0.01),
        ("actor_rollout_ref.rollout.max_model_len", "${actor_rollout_ref.rollout.max_num_batched_tokens}"),
    ],
)
def test_a_value_at_the_edge_passes(refusal: Refusal, key: str, value: object) -> None:
    said = refusal(key, value)
    assert said is None or not said.startswith(f"{key}=")


def test_a_name_that_a_module_of_ones_own_may_register(
    refusal: Refusal, compose_run: Callable[..., DictConfig]
) -> None:
    said = refusal("algorithm.adv_estimator", "mine")
    assert said is not None and said.startswith("algorithm.adv_estimator=mine: give one of gae, grpo, ")
    cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", "algorithm.adv_estimator=mine")
    with open_dict(cfg):
        cfg.runtime.environment.VERL_USE_EXTERNAL_MODULES = "src.plugin"
    check(cfg)


def test_heads_that_do_not_share_the_width(refusal: Refusal) -> None:
    said = refusal("model.build.width", 7)
    assert said == "model.build.width=7 cannot be shared by model.build.heads=2: give a multiple of 2"


@pytest.mark.parametrize(
    ("key", "value", "instead"),
    [
        ("data.train_files", "my.parquet", "dataset="),
        ("sft.trainer.logger", ["console"], "logging.trackers="),
        ("actor_rollout_ref.model.path", "my/model", "model.path="),
        ("trainer.v1.sampler.custom_sampler.path", "mine.py", "an algorithm= that chooses the rollouts"),
    ],
)
def test_a_key_that_a_run_sets_itself(refusal: Refusal, key: str, value: object, instead: str) -> None:
    """Whatever was given there was overwritten without a word."""
    assert refusal(key, value) == f"{key}={value} has no effect, a run sets it itself: give {instead}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("actor_rollout_ref.model.external_lib", "no_mod"),
        ("runtime.environment", {"VERL_USE_EXTERNAL_MODULES": "src.plugin,no_mod"}),
    ],
)
def test_a_module_that_is_not_there(refusal: Refusal, key: str, value: object) -> None:
    said = refusal(key, value)
    assert said is not None and said.startswith(key)
    assert said.endswith(": there is no module 'no_mod'; PYTHONPATH says where modules are looked for")


def test_a_file_that_is_not_there(refusal: Refusal) -> None:
    assert refusal("data.custom_cls.path", "no.py") == "data.custom_cls.path=no.py: there is no such file"
