"""Every algorithm with every recipe: what reaches veRL, and that veRL knows it."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from composing import compose_run
from omegaconf import OmegaConf

from src.config.algorithm import check_arguments
from src.config.checks import check
from src.config.compose import options
from src.config.stage_node import settle
from src.config.stages import build_stages
from src.errors import ConfigError

RECIPES = ("time_r1", "timeomni1", "timemaster", "artist")
SMOKE = ("scale=smoke", "runtime=cpu")

# Algorithm -> what its paper asks of veRL.
MENU: dict[str, dict[str, Any]] = {
    "dapo": {
        "algorithm.adv_estimator": "grpo",
        "algorithm.filter_groups.enable": True,
        "algorithm.filter_groups.metric": "reward",
        "actor_rollout_ref.actor.clip_ratio_low": 0.2,
        "actor_rollout_ref.actor.clip_ratio_high": 0.28,
        "actor_rollout_ref.actor.loss_agg_mode": "token-mean",
        "actor_rollout_ref.actor.use_kl_loss": False,
        "actor_rollout_ref.actor.policy_loss.loss_mode": "vanilla",
    },
    "dr_grpo": {
        "algorithm.adv_estimator": "grpo",
        "algorithm.norm_adv_by_std_in_grpo": False,
        "actor_rollout_ref.actor.loss_agg_mode": "seq-mean-token-sum-norm",
        "actor_rollout_ref.actor.loss_scale_factor": 31,
        "actor_rollout_ref.actor.use_kl_loss": False,
    },
    "rloo": {"algorithm.adv_estimator": "rloo", "algorithm.filter_groups.enable": False},
    "reinforce_plus_plus": {"algorithm.adv_estimator": "reinforce_plus_plus", "algorithm.gamma": 1.0},
    "gspo": {
        "actor_rollout_ref.actor.policy_loss.loss_mode": "gspo",
        "actor_rollout_ref.actor.loss_agg_mode": "seq-mean-token-mean",
        "actor_rollout_ref.actor.clip_ratio_low": 3e-4,
        "actor_rollout_ref.actor.clip_ratio_high": 4e-4,
    },
    "cispo": {
        "actor_rollout_ref.actor.policy_loss.loss_mode": "cispo",
        "actor_rollout_ref.actor.loss_agg_mode": "token-mean",
        "actor_rollout_ref.actor.clip_ratio_low": 1.0,
        "actor_rollout_ref.actor.use_kl_loss": False,
    },
    "gdpo": {"algorithm.adv_estimator": "grpo"},
}


def _verl(file: str) -> str:
    spec = importlib.util.find_spec("verl")
    assert spec is not None and spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / file).read_text("utf-8")


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", MENU)
def test_what_a_paper_asks_reaches_verl_over_any_recipe(name: str, recipe: str) -> None:
    cfg = compose_run(f"+recipe={recipe}", *SMOKE, f"algorithm={name}", "data.max_response_length=31")
    check(cfg)
    config = next(stage.config for stage in build_stages(cfg) if stage.trainer == "ppo")
    assert {key: OmegaConf.select(config, key) for key in MENU[name]} == MENU[name]
    assert "actor" not in config.algorithm and name not in config.algorithm
    assert config.trainer.v1.sampler.sampler_kwargs.algorithm.name == name


def test_the_menu_is_whole() -> None:
    assert set(options("algorithm")) - {"grpo", "grip", "artist"} == set(MENU)


def test_verl_computes_what_is_named() -> None:
    source = _verl("trainer/ppo/core_algos.py")
    estimators = set(re.findall(r'^    [A-Z_]+ = "(\w+)"$', source, re.M))
    losses = set(re.findall(r'@register_policy_loss\("(\w+)"\)', source))
    modes = set(re.findall(r'"((?:token|seq)-[\w-]+)"', source[source.index("\ndef agg_loss(") :]))
    for asked in MENU.values():
        assert asked.get("algorithm.adv_estimator", "grpo") in estimators
        assert asked.get("actor_rollout_ref.actor.policy_loss.loss_mode", "vanilla") in losses
        assert asked.get("actor_rollout_ref.actor.loss_agg_mode", "token-mean") in modes


def test_dynamic_sampling_is_told_to_the_sampler() -> None:
    cfg = compose_run("+recipe=timemaster", *SMOKE, "algorithm=dapo", "data.train_batch_size=4")
    kwargs = build_stages(cfg)[1].config.trainer.v1.sampler.sampler_kwargs
    assert OmegaConf.to_container(kwargs.replaced) == {
        "filter_groups_metric": "reward",
        "train_batch_size": 4,
        "max_inflight_gen_batches": 1,
    }
    assert kwargs.algorithm.settings.longest == cfg.data.max_response_length
    off = compose_run("+recipe=timemaster", *SMOKE, "algorithm=dapo", "algorithm.filter_groups.enable=false")
    assert "replaced" not in build_stages(off)[1].config.trainer.v1.sampler.sampler_kwargs


def test_each_part_is_a_switch() -> None:
    part = "algorithm.actor.clip_ratio_high=0.25"
    cfg = compose_run("+recipe=timemaster", *SMOKE, "algorithm=dapo", part, "algorithm.actor.use_kl_loss=true")
    actor = build_stages(cfg)[1].config.actor_rollout_ref.actor
    assert (actor.clip_ratio_high, actor.use_kl_loss) == (0.25, True)


def test_a_key_that_the_algorithm_would_undo_is_refused() -> None:
    given = "actor_rollout_ref.actor.clip_ratio_high=0.3"
    cfg = compose_run("+recipe=timemaster", *SMOKE, "algorithm=dapo", given)
    with pytest.raises(ConfigError, match=r"is part of algorithm=dapo: set algorithm.actor.clip_ratio_high= instead"):
        check_arguments(cfg, [given])
    check_arguments(cfg, ["actor_rollout_ref.actor.optim.lr=1"])
    check_arguments(compose_run("+recipe=timemaster", *SMOKE, given), [given])


def test_a_stages_own_algorithm_brings_its_own_keys_only() -> None:
    cfg = compose_run("+recipe=timemaster", *SMOKE, "algorithm=dapo", "stages=[rl,two]", "stage.two.kind=rl",
                      "stage.two.algorithm=gspo")  # fmt: skip
    settle(cfg, {"algorithm": "dapo"})
    one, two = (stage.config.actor_rollout_ref.actor for stage in build_stages(cfg))
    assert (one.clip_ratio_high, one.policy_loss.loss_mode) == (0.28, "vanilla")
    assert (two.clip_ratio_high, two.policy_loss.loss_mode, two.use_kl_loss) == (4e-4, "gspo", True)


def test_a_key_that_the_actor_does_not_have_is_refused() -> None:
    cfg = compose_run("+recipe=timemaster", *SMOKE, "algorithm=dapo", "+algorithm.actor.clip=1")
    with pytest.raises(ConfigError, match=r"algorithm.actor.clip: veRL's actor has no such key"):
        build_stages(cfg)
