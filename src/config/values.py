"""Whether the values of keys can be used: of the type of veRL's default, and within their bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.bounds import OWN, RL, SFT, Bound, Name
from src.config.defaults import verls_defaults
from src.config.leaves import leaves
from src.config.stage_node import OWN_KEYS
from src.errors import ConfigError

# Keys of veRL that a run sets itself, whatever they say, and what a user gives instead.
SET_BY_THE_RUN = {
    "data.train_files": "dataset=",
    "data.val_files": "dataset=",
    "data.seed": "seed=",
    "actor_rollout_ref.model.path": "model.path=",
    "actor_rollout_ref.rollout.seed": "seed=",
    "trainer.default_local_dir": "run.folder= and run.name=",
    "trainer.experiment_name": "run.name=",
    "trainer.project_name": "logging.project=",
    "trainer.logger": "logging.trackers=",
    "trainer.resume_mode": "run.name= of the run to go on with",
    "trainer.resume_from_path": "run.name= of the run to go on with, or run.from=",
    "trainer.v1.sampler.custom_sampler.path": "an algorithm= that chooses the rollouts",
    "sft.data.train_files": "dataset= or dataset.traces.file=",
    "sft.data.val_files": "dataset=",
    "sft.model.path": "model.path=",
    "sft.trainer.seed": "seed=",
    "sft.trainer.default_local_dir": "run.folder= and run.name=",
    "sft.trainer.experiment_name": "run.name=",
    "sft.trainer.project_name": "logging.project=",
    "sft.trainer.logger": "logging.trackers=",
    "sft.trainer.resume_mode": "run.name= of the run to go on with",
    "sft.trainer.resume_from_path": "run.name= of the run to go on with, or run.from=",
}
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int, float), "a number"),
    float: ((int, float), "a number"),
    list: ((list,), "a list"),
}


def check_own_values(cfg: DictConfig) -> None:
    """Refuse a value of the project's own keys that is out of its bounds.

    Raises:
        ConfigError: with the key and what it may be.
    """
    _check_bounds(cfg, OWN)
    if built := cfg.model.get("build"):
        for part, whole in (("heads", "width"), ("key_value_heads", "heads")):
            if part in built and built[whole] % built[part]:
                raise ConfigError(
                    f"model.build.{whole}={built[whole]} cannot be shared by model.build.{part}={built[part]}: "
                    f"give a multiple of {built[part]}"
                )


def check_verls_values(cfg: DictConfig, kind: str) -> None:
    """Refuse a value of veRL's keys that its trainer does not take.

    Args:
        cfg: the configuration as a stage sees it.
        kind: of the stage, ``sft`` or ``rl``.

    Raises:
        ConfigError: with the key and what it may be.
    """
    bounds, trainer = (SFT, "sft") if kind == "sft" else (RL, "ppo")
    # The bounds first: they say more.
    _check_bounds(cfg, bounds)
    for key, value, default in _given(cfg, trainer):
        if key in SET_BY_THE_RUN and value != default:
            raise ConfigError(f"{key}={value} has no effect, a run sets it itself: give {SET_BY_THE_RUN[key]}")
        if value is None or _refers(value):
            continue
        if (right := _wrong_kind(value, default)) is not None:
            raise ConfigError(f"{key}={value}: give {right}")


def _check_bounds(cfg: DictConfig, bounds: Mapping[str, Bound]) -> None:
    for key, bound in bounds.items():
        parent, _, name = key.rpartition(".")
        node: Any = OmegaConf.select(cfg, parent) if parent else cfg
        if not OmegaConf.is_config(node) or name not in node:
            continue  # a model that is not built, a stage without the key
        if bound.takes(node[name]) or (isinstance(bound, Name) and bound.more and _modules(cfg)):
            continue
        raise ConfigError(f"{key}={'null' if node[name] is None else node[name]}: give {bound}")


def _modules(cfg: DictConfig) -> bool:
    """Whether modules of the user's own are imported into veRL's processes, which may register names."""
    return bool((cfg.runtime.get("environment") or {}).get("VERL_USE_EXTERNAL_MODULES"))


def _given(cfg: DictConfig, trainer: str) -> Iterator[tuple[str, Any, Any]]:
    """Key, value and veRL's default, of every key that veRL has."""
    plain: Any = OmegaConf.to_container(cfg, resolve=False)
    own = plain["sft"] if trainer == "sft" else {key: value for key, value in plain.items() if key not in OWN_KEYS}
    values = dict(leaves(own))
    for key, default in leaves(verls_defaults(trainer)):
        if key in values:
            yield (f"sft.{key}" if trainer == "sft" else key), values[key], default


def _wrong_kind(value: Any, default: Any) -> str | None:
    """What ``value`` should be, by the type of the default, where it is something else."""
    known = _KINDS.get(type(default))
    if known is None:
        return None
    types, words = known
    if type(value) not in types:
        return words
    numbers = isinstance(default, list) and default and all(type(one) in (int, float) for one in default)
    return "a list of numbers" if numbers and not all(type(one) in (int, float) for one in value) else None


def _refers(value: Any) -> bool:
    return isinstance(value, str) and "${" in value
