"""One group of ``conf/`` composed by itself, for command lines without a run: ``dataset=etth1 dataset.horizon=24``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config.compose import CONF, options, register_search_path
from src.config.moved import refuse_moved
from src.config.quoting import check_grammar
from src.errors import ConfigError


def compose_group(group: str, name: str, overrides: Sequence[str] = (), conf: Path = CONF) -> DictConfig:
    """The node of ``conf/<group>/<name>.yaml``, as a run's configuration would hold it.

    Args:
        group: such as ``dataset`` or ``reward``.
        name: the option, without ``.yaml``.
        overrides: of the group's keys, as on a run's command line: ``dataset.horizon=24``.
        conf: another folder of groups.

    Raises:
        ConfigError: no such option, or an override of a key that it does not have; the message names it.
    """
    if name not in _known(group, conf):
        raise ConfigError(f"there is no {group} '{name}': choose one of {', '.join(options(group, conf))}")
    refuse_moved(override.lstrip("+~").partition("=")[0] for override in overrides)
    check_grammar(overrides, sweeps=False)
    try:
        return _compose(group, name, overrides, conf)
    except (HydraException, OmegaConfBaseException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"{reason}: correct the command line, the keys are in conf/{group}/{name}.yaml") from None


def group_file(group: str, name: str) -> dict[str, Any]:
    """What ``<group>/<name>.yaml`` says, of ``conf/`` or of veRL's tree, with its interpolations."""
    plain: Any = OmegaConf.to_container(_compose(group, name, (), CONF), resolve=False)
    return plain


def _compose(group: str, name: str, overrides: Sequence[str], conf: Path) -> DictConfig:
    with hydra_here(conf):
        composed: Any = compose(overrides=[f"+{group}={name}", *overrides])
    node: DictConfig = composed[group]
    return node


def _known(group: str, conf: Path) -> list[str]:
    with hydra_here(conf):
        found = GlobalHydra.instance().config_loader().get_group_options(group, ObjectType.CONFIG)
    return sorted(option for option in found if not option.startswith("_"))


def hydra_here(conf: Path = CONF) -> AbstractContextManager[Any]:
    """Hydra, as it is within a launch, where it knows a ``--config-dir`` too."""
    if GlobalHydra.instance().is_initialized():
        return nullcontext()
    register_search_path()  # some files start from veRL's own
    return initialize_config_dir(str(conf), version_base="1.3")
