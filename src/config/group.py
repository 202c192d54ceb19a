"""One group of ``conf/`` composed by itself, for command lines without a run: ``dataset=etth1 dataset.horizon=24``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.initialize import get_gh_backup, restore_gh_from_backup
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config.compose import CONF, options, register_search_path
from src.config.moved import refuse_moved
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
    known = options(group, conf)
    if name not in known:
        raise ConfigError(f"there is no {group} '{name}': choose one of {', '.join(known)}")
    refuse_moved(override.lstrip("+~").partition("=")[0] for override in overrides)
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
    register_search_path()  # some files start from veRL's own
    outer = get_gh_backup()  # Hydra composes one configuration at a time
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            composed: Any = compose(overrides=[f"+{group}={name}", *overrides])
    finally:
        restore_gh_from_backup(outer)
    node: DictConfig = composed[group]
    return node
