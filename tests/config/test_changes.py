"""Which differences of two configurations matter, and to which stage."""

import pytest
from omegaconf import OmegaConf

from src.config.changes import changes, fingerprint
from src.config.stage_node import settle


def plain(cfg):
    settle(cfg, {"dataset": "demand"})
    return OmegaConf.to_container(cfg, resolve=False)


def test_the_same_command_differs_in_nothing(compose_run) -> None:
    one, two = (plain(compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")) for _ in range(2))
    assert changes(one, two, "sft") == changes(one, two, "rl") == {}
    assert fingerprint(one) == fingerprint(two)


@pytest.mark.parametrize(
    "override",
    [
        "launch.stall_timeout_s=60", "logging.wandb=off", "run.name=other", "run.folder=elsewhere", "stages=[sft]",
        "evaluation.runs=5", "evaluation.enable=false", "trainer.save_freq=7", "sft.trainer.save_freq=7",
        "trainer.max_actor_ckpt_to_keep=null", "trainer.test_freq=9", "runtime.preload=false",
        "ray_kwargs.ray_init.num_cpus=32",
    ],
)  # fmt: skip
def test_what_training_does_not_depend_on_is_free(compose_run, override: str) -> None:
    base = plain(compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu"))
    other = plain(compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", override))
    assert base != other
    assert changes(base, other, "sft") == changes(base, other, "rl") == {}
    assert fingerprint(base) == fingerprint(other)


@pytest.mark.parametrize(
    ("override", "key", "text", "sft", "rl"),
    [
        ("dataset.reward.slope=1", "dataset.reward.slope", "4.0 -> 1", False, True),
        ("seed=2", "seed", "1 -> 2", True, True),
        ("dataset.horizon=12", "dataset.horizon", "6 -> 12", True, True),
        ("sft.optim.lr=0.1", "sft.optim.lr", "0.002 -> 0.1", True, False),
        ("actor_rollout_ref.actor.optim.lr=0.1", "actor_rollout_ref.actor.optim.lr", "0.0001 -> 0.1", False, True),
        ("algorithm.grip.keep=3", "algorithm.grip.keep", "2 -> 3", False, True),
        ("trainer.total_training_steps=9", "trainer.total_training_steps", "2 -> 9", False, True),
        ("trainer.n_gpus_per_node=2", "trainer.n_gpus_per_node", "1 -> 2", True, True),
        ("+algorithm.mine=1", "algorithm.mine", "(absent) -> 1", False, True),
        ("stage.sft.optim.lr=0.1", "sft.optim.lr", "0.002 -> 0.1", True, False),
        ("stage.sft.dataset.horizon=12", "dataset.horizon", "6 -> 12", True, False),
        ("stage.rl.data.train_batch_size=8", "data.train_batch_size", "4 -> 8", False, True),
        ("stage.rl.algorithm.grip.keep=3", "algorithm.grip.keep", "2 -> 3", False, True),
        ("stage.rl.reference=first", "stage.rl.reference", '(absent) -> "first"', False, True),
    ],
)  # fmt: skip
def test_a_difference_is_shown_and_concerns_its_stages(
    compose_run, override: str, key: str, text: str, sft: bool, rl: bool
) -> None:
    base = plain(compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu"))
    other = plain(compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu", override))
    assert changes(base, other, "sft") == ({key: text} if sft else {})
    assert changes(base, other, "rl") == ({key: text} if rl else {})
    assert fingerprint(base) != fingerprint(other)


THREE = (
    "+recipe=time_r1",
    "scale=smoke",
    "runtime=cpu",
    "stages=[sft,one,two]",
    "stage.one.kind=rl",
    "stage.two.kind=rl",
)


def test_of_two_rl_stages_one_can_change_alone(compose_run) -> None:
    base, other = (plain(compose_run(*THREE, *more)) for more in ((), ("stage.two.trainer.total_training_steps=5",)))
    assert changes(base, other, "sft") == changes(base, other, "one") == {}
    assert changes(base, other, "two") == {"trainer.total_training_steps": "2 -> 5"}


def test_what_a_stage_has_of_its_own_does_not_change_with_the_run(compose_run) -> None:
    own = ("stage.two.dataset=etth1", "stage.two.algorithm.grip.keep=3")
    base, other = (plain(compose_run(*THREE, *own, *more)) for more in ((), ("dataset.horizon=12",)))
    assert changes(base, other, "one") == {"dataset.horizon": "6 -> 12"}
    assert changes(base, other, "two") == {}
    other = plain(compose_run(*THREE, *own, "algorithm.grip.keep=4"))
    assert changes(base, other, "one") == {"algorithm.grip.keep": "2 -> 4"}
    assert changes(base, other, "two") == {}


def test_another_trainer_is_a_change_of_its_own(compose_run) -> None:
    base, other = (plain(compose_run(*THREE, f"stage.two.kind={kind}")) for kind in ("rl", "sft"))
    assert changes(base, other, "two") == {"stage.two.kind": "rl -> sft"}
