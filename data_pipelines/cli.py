"""Command lines of the form `dataset=etth1 out=DIR`: conf/dataset through Hydra, nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.errors import ConfigError

CONF = Path(__file__).resolve().parents[1] / "conf"


def dataset_names() -> list[str]:
    """Return the names that `dataset=` accepts."""
    return sorted(path.stem for path in (CONF / "dataset").glob("[!_]*.yaml"))


def compose_dataset(name: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Compose conf/dataset/<name>.yaml with overrides (`dataset.horizon=24`); ConfigError names a bad one."""
    if name not in dataset_names():
        raise ConfigError(f"there is no dataset '{name}': choose one of {', '.join(dataset_names())}")
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose(overrides=[f"+dataset={name}", *overrides])
    except (HydraException, OmegaConfBaseException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"{reason}: correct the command line, the keys are in conf/dataset/{name}.yaml") from None
    node: DictConfig = cfg.dataset
    return node


def parse(argv: Sequence[str], options: Mapping[str, Any], usage: str) -> tuple[DictConfig, dict[str, Any]]:
    """Split a command line into the composed dataset and the command's own `key=value` options.

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
    return compose_dataset(name, overrides), parsed
