"""The algorithm that a configuration names: found, made, and parted from veRL's own ``algorithm`` node.

Its class stands above this package (``src.algorithms``, or a user's file): it is reached by its dotted name only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.compose import options
from src.config.leaves import leaves
from src.config.named import load_class, load_function
from src.errors import ConfigError

# What an algorithm is derived from; it is also the one that a configuration without ``algorithm.path`` means.
FACE = "src.algorithms.algorithm.Algorithm"
# Keys of veRL's actor that an algorithm is made of: they lie over the recipe, which would undo them.
ACTOR = "actor"
_OF_ACTOR = "actor_rollout_ref.actor"


def named_algorithm(cfg: DictConfig) -> dict[str, Any]:
    """What ``make_algorithm`` needs: ``path``, ``name`` and ``settings``,the seed included."""
    node = cfg.algorithm
    name = node.get("name")
    settings: Any = OmegaConf.to_container(node[name], resolve=True) if name and node.get(name) else {}
    return {"path": node.get("path") or FACE, "name": name, "settings": {**settings, "seed": cfg.seed}}


def take_out(algorithm: DictConfig) -> None:
    """Leave what veRL knows: a recipe's settings of other algorithms stay in the configuration when one is chosen."""
    for key in {"name", "path", ACTOR, algorithm.get("name"), *options("algorithm")}:
        algorithm.pop(key, None)


def put_actor(view: DictConfig) -> None:
    """Lay what the algorithm says of veRL's actor over what recipe and scale say.

    Args:
        view: the configuration as a stage sees it, to be changed.

    Raises:
        ConfigError: the actor has no such key.
    """
    own = view.algorithm.get(ACTOR)
    actor = OmegaConf.select(view, _OF_ACTOR)
    if not own or actor is None:
        return
    for key, _ in leaves(OmegaConf.to_container(own, resolve=False)):
        parent, _, name = key.rpartition(".")
        if name not in (OmegaConf.select(actor, parent) if parent else actor):
            raise ConfigError(f"algorithm.{ACTOR}.{key}: veRL's actor has no such key")
    actor.merge_with(own)


def check_arguments(cfg: DictConfig, arguments: Sequence[str]) -> None:
    """Refuse a command line that sets a key of the actor that the algorithm sets: it would be lost.

    Raises:
        ConfigError: with the name under which the key can be set.
    """
    own = cfg.algorithm.get(ACTOR)
    known = {key for key, _ in leaves(OmegaConf.to_container(own, resolve=False))} if own else set()
    for argument in arguments:
        key = argument.lstrip("+").partition("=")[0]
        if key.startswith(f"{_OF_ACTOR}.") and (name := key.removeprefix(f"{_OF_ACTOR}.")) in known:
            raise ConfigError(f"{key} is part of algorithm={cfg.algorithm.name}: set algorithm.{ACTOR}.{name}= instead")


def make_algorithm(path: str, name: str | None, settings: Mapping[str, Any]) -> Any:
    """The algorithm, a subclass of ``src.algorithms.algorithm.Algorithm``.

    Args:
        path: of its class.
        name: its own, under which its settings stand.
        settings: its fields.

    Raises:
        ConfigError: there is no such class, or a setting that it does not have or that it needs.
    """
    face: Any = load_function(FACE)
    found: Any = load_class(path, face, key="algorithm.path")
    known = {one.name: one for one in fields(found)}
    for key in settings:
        if key not in known:
            own = ", ".join(one for one in known if one != "seed") or "none (settings are fields of a dataclass)"
            raise ConfigError(f"algorithm.{name}.{key}: {path} has no such setting; it has {own}")
    for key, one in known.items():
        if key not in settings and one.default is MISSING and one.default_factory is MISSING:
            raise ConfigError(f"algorithm.{name}.{key}= must be given: {path} has no default for it")
    return found(**settings)
