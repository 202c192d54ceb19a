"""The algorithm that a configuration names: found, made, and parted from veRL's own ``algorithm`` node.

Its class stands above this package (``src.algorithms``, or a user's file): it is reached by its dotted name only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.compose import options
from src.config.named import load_class, load_function
from src.errors import ConfigError

# What an algorithm is derived from; it is also the one that a configuration without ``algorithm.path`` means.
FACE = "src.algorithms.algorithm.Algorithm"


def named_algorithm(cfg: DictConfig) -> dict[str, Any]:
    """What ``make_algorithm`` needs: ``path``, ``name`` and ``settings``,the seed included."""
    node = cfg.algorithm
    name = node.get("name")
    settings: Any = OmegaConf.to_container(node[name], resolve=True) if name and node.get(name) else {}
    return {"path": node.get("path") or FACE, "name": name, "settings": {**settings, "seed": cfg.seed}}


def take_out(algorithm: DictConfig) -> None:
    """Leave what veRL knows: a recipe's settings of other algorithms stay in the configuration when one is chosen."""
    for key in {"name", "path", algorithm.get("name"), *options("algorithm")}:
        algorithm.pop(key, None)


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
