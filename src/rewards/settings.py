"""The settings of a reward function: a frozen dataclass that checks itself, made once for each set of given values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, TypeVar, cast

from src.errors import ConfigError

_VERL_EXTRAS = {"reward_router_address", "reward_model_tokenizer"}  # what veRL passes on when it serves a judge

S = TypeVar("S")


def settings_of(kind: type[S], given: Mapping[str, Any], reward: str = "the reward") -> S:
    """The settings that ``reward.custom_reward_function.reward_kwargs`` gives.

    Args:
        kind: the dataclass; what is not given has its defaults.
        reward: how a message calls it.

    Raises:
        ConfigError: one that ``kind`` does not have, or what it raises itself.
    """
    values = tuple(sorted((name, value) for name, value in given.items() if name not in _VERL_EXTRAS))
    return cast(S, _made(cast(Hashable, kind), values, reward))


def check_number(name: str, value: object, least: float = 0.0, most: float = 1e6) -> None:
    """Refuse a setting that is no number, or out of its bounds.

    Raises:
        ConfigError: with the bounds.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        low, high = (f"{one:g}".replace("e+0", "e") for one in (least, most))
        raise ConfigError(f"reward setting {name}={value!r} must be a number from {low} to {high}")


@lru_cache(maxsize=256)
def _made(kind: Any, values: tuple[tuple[str, Any], ...], reward: str) -> Any:
    known = [field.name for field in fields(kind)]
    for name, _ in values:
        if name not in known:
            raise ConfigError(f"{reward} has no setting {name!r}; it has {', '.join(known)}")
    return kind(**dict(values))
