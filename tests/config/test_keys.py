"""Every key that the project's YAML sets in veRL's nodes is one that veRL has.

Hydra checks the command line against the composed config, but takes whatever a YAML file adds: a misspelt key would
be ignored without a word.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from src.config.compose import CONF
from src.config.stage_node import OWN_KEYS

# What veRL takes though its own YAML does not list it, and why.
NOT_IN_VERLS_YAML = {
    "actor_rollout_ref.model.override_config": "keys of the model's own config; veRL passes them on",
    "actor_rollout_ref.actor.fsdp_config.mixed_precision": "null in the YAML; FSDPEngineConfig takes a mapping",
    "actor_rollout_ref.ref.fsdp_config.mixed_precision": "as for the actor",
    "actor_rollout_ref.rollout.engine_kwargs.vllm": "vLLM's own options; veRL passes them on",
    "actor_rollout_ref.rollout.enable_sleep_mode": "a field of RolloutConfig",
    "actor_rollout_ref.rollout.engine_kwargs.vllm.block_size": "an argument of the engine; veRL passes it on",
    "ray_kwargs.ray_init": "arguments of ray.init; veRL passes them on",
    "sft.model.override_config": "as for the actor",
    "sft.engine.mixed_precision": "as for the actor",
    "reward.custom_reward_function.reward_kwargs": "arguments of the reward function; veRL passes them on",
    "reward.kinds": "the project's; taken out of veRL's config by src.config.stages",
    "reward.judges": "the project's; taken out likewise",
    "algorithm.grip": "the project's; taken out of veRL's config by src.config.algorithm",
    "algorithm.artist": "the settings of recipes.artist.algorithm; taken out likewise",
    "algorithm.dapo": "the project's; taken out likewise",
    "algorithm.gdpo": "the project's; taken out likewise",
    "algorithm.name": "the project's; taken out likewise",
    "algorithm.path": "the project's; taken out likewise",
}
FILES = sorted(
    file for group in ("recipe", "scale", "runtime", "algorithm", "reward") for file in (CONF / group).rglob("*.yaml")
)


def _leaves(node: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix


def _keys(file: Path) -> list[str]:
    """The file's keys from the root of the primary config, those of the project's own nodes left out."""
    text = file.read_text()
    header = re.match(r"# @package (\S+)\n", text)
    assert header, f"{file}: no # @package line"
    package = "" if header[1] == "_global_" else header[1]
    content = {key: value for key, value in yaml.safe_load(text).items() if key != "defaults"}
    own = set(OWN_KEYS) - {"sft"}
    keys = (key.replace("algorithm.actor.", "actor_rollout_ref.actor.", 1) for key in _leaves(content, package))
    return [key for key in keys if key.split(".")[0] not in own]


def _has(tree: DictConfig, key: str) -> bool:
    node: Any = tree
    for name in key.split("."):
        if not OmegaConf.is_dict(node) or name not in node.keys():  # noqa: SIM118 ("in" leaves missing values out)
            return False
        node = node._get_node(name)
    return True


def _listed(key: str) -> bool:
    return any(key == known or key.startswith(f"{known}.") for known in NOT_IN_VERLS_YAML)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONF)))
def test_every_key_is_one_of_verls(compose_alone: Callable[[str], DictConfig], file: Path) -> None:
    trees = {"sft": compose_alone("sft_trainer_engine"), "rl": compose_alone("ppo_trainer")}
    unknown = [
        key
        for key in _keys(file)
        if not _listed(key)
        and not (_has(trees["sft"], key.removeprefix("sft.")) if key.startswith("sft.") else _has(trees["rl"], key))
    ]
    assert unknown == []


def test_the_files_set_keys_of_both_trees() -> None:
    keys = [key for file in FILES for key in _keys(file)]
    assert len(FILES) >= 11
    assert sum(key.startswith("sft.") for key in keys) >= 15
    assert sum(key.startswith("actor_rollout_ref.") for key in keys) >= 40


def test_nothing_is_listed_that_no_file_sets() -> None:
    keys = [key for file in FILES for key in _keys(file)]
    assert [
        known for known in NOT_IN_VERLS_YAML if not any(k == known or k.startswith(f"{known}.") for k in keys)
    ] == []


def test_a_misspelt_key_would_be_found(compose_alone: Callable[[str], DictConfig]) -> None:
    tree = compose_alone("ppo_trainer")
    assert _has(tree, "actor_rollout_ref.rollout.name")  # missing in veRL's YAML ("???"), but a key
    assert not _has(tree, "actor_rollout_ref.rollout.tempreture")
    assert not _has(tree, "actor_rollout_ref.rollout.n.samples")
    assert not _has(tree, "actor_rollout_ref.rollouts.n")
