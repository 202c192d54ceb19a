"""What keys may be, held against what veRL itself takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.bounds import OWN, RL, SFT, Name, Number


@pytest.mark.parametrize("value", [0, 1, 0.5, 1e-9])
def test_a_number_within(value: float) -> None:
    assert Number(0, 1).takes(value)


@pytest.mark.parametrize("value", [-1e-9, 1.01, math.nan, math.inf, "1", "1e-6x", True, None, [1]])
def test_what_is_no_number_within(value: Any) -> None:
    assert not Number(0, 1).takes(value)


def test_an_open_end_a_whole_number_and_values_beside() -> None:
    assert not Number(0, above=True).takes(0) and Number(0, above=True).takes(1e-12)
    count = Number(1, whole=True, other=(-1, None))
    assert [count.takes(one) for one in (1, -1, None, 0, -2, 1.5, 2.0)] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_words() -> None:
    assert str(Number(1, whole=True, other=(None,))) == "a whole number of at least 1, or null"
    assert str(Number(0, 1, above=True)) == "a number above 0 and at most 1"
    assert str(Name(("a", None))) == "one of a, null"


def test_every_key_is_one_that_a_run_has(compose_run: Callable[..., DictConfig]) -> None:
    """A bound on a key that veRL has renamed would hold nothing."""
    runs = [compose_run("+recipe=time_r1", "scale=demo", "runtime=cpu", *model) for model in ((), ("model=tiny_vl",))]
    missing = object()
    keys = [*OWN, *SFT, *RL]
    assert [key for key in keys if all(OmegaConf.select(run, key, default=missing) is missing for run in runs)] == []


def test_the_names_are_verls() -> None:
    from verl.trainer.ppo.core_algos import ADV_ESTIMATOR_REGISTRY, POLICY_LOSS_REGISTRY
    from verl.workers.engine import EngineRegistry

    assert set(_names("algorithm.adv_estimator")) <= set(ADV_ESTIMATOR_REGISTRY)
    assert set(_names("actor_rollout_ref.actor.policy_loss.loss_mode")) <= set(POLICY_LOSS_REGISTRY)
    backends = {name for engines in EngineRegistry._engines.values() for name in engines}
    assert {"fsdp", "fsdp2"} <= backends & set(_names("actor_rollout_ref.actor.strategy"))  # others need libraries


@pytest.mark.parametrize("name", [*RL["actor_rollout_ref.actor.kl_loss_type"].names])
def test_every_kl_estimator_is_one_that_verl_computes(name: str) -> None:
    import torch
    from verl.trainer.ppo.core_algos import kl_penalty

    assert kl_penalty(torch.zeros(1, 2), torch.ones(1, 2), name).shape == (1, 2)


def _names(key: str) -> tuple[str, ...]:
    bound = RL[key]
    assert isinstance(bound, Name)
    return bound.names
