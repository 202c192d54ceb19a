"""Command lines of the form ``dataset=etth1 out=DIR``."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.group import compose_group
from src.errors import ConfigError


def parse(argv: Sequence[str], options: Mapping[str, Any], usage: str) -> tuple[DictConfig, dict[str, Any]]:
    """Split a command line into the composed dataset and the command's own ``key=value`` options.

    Args:
        options: the keys with their defaults (a default of ... means required); values get the default's type.
    """
    name, overrides, given = None, [], []
    for word in argv:
        key = word.partition("=")[0]
        if key == "dataset":
            name = word.partition("=")[2]
        elif key.lstrip("+~").startswith("dataset."):
            overrides.append(word)
        elif key in options and "=" in word:
            given.append(word)
        else:
            raise ConfigError(f"unknown option '{word}': use {usage}")
    if name is None:
        raise ConfigError(f"no dataset given: use {usage}")
    defaults = OmegaConf.create({key: None if value is ... else value for key, value in options.items()})
    values = OmegaConf.to_container(OmegaConf.merge(defaults, OmegaConf.from_dotlist(given)))
    assert isinstance(values, dict)
    parsed = {str(key): value for key, value in values.items()}
    for key, default in options.items():
        value = parsed[key]
        if default is ... and value is None:
            raise ConfigError(f"no {key} given: use {usage}")
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            parsed[key] = float(value)
        elif default is not ... and default is not None and not isinstance(value, type(default)):
            raise ConfigError(f"{key}={value} is not of the form {key}={str(default).lower()}: use {usage}")
    return compose_group("dataset", name, overrides), parsed
