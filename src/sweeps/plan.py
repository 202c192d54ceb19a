"""From Hydra's combinations of overrides to the cells of a sweep, checked before anything runs."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from src.config.compose import as_typed, order_arguments
from src.errors import ConfigError, UserError
from src.launcher.admit import admit
from src.launcher.start_from import in_full
from src.record.layout import NAME
from src.record.metric_names import is_reward
from src.record.sweep import Cell, Sweep, is_sweep, read_sweep, sets_reward
from src.sweeps.naming import carries_out, cell_name, key_of, sweep_name, value_of

DIRECTIONS = ("maximize", "minimize")


def open_sweep(config: DictConfig) -> Sweep:
    """The sweep that a command line means: the one that is there, or a new one, of which nothing is written yet.

    Args:
        config: Hydra's config of the whole sweep, in which swept keys have their defaults.

    Raises:
        UserError: a setting that a sweep cannot have.
    """
    overrides = list(config.hydra.overrides.task)
    fixed, swept = split(config)
    _check_settings(config, overrides, swept)
    if config.sweep.name is None:
        recipe = next((value_of(one) for one in fixed if key_of(one) == "recipe"), "sweep")
        name = sweep_name(recipe, as_typed(overrides), swept, _sweeper(config))
    else:
        name = _as_name(str(config.sweep.name))
    folder = Path(config.sweep.folder).resolve() / name
    new = Sweep(folder, name, command="", created=time.strftime("%Y-%m-%dT%H:%M:%S%z"))
    sweep = read_sweep(folder) if is_sweep(folder) else new
    sweep.command = shlex.join(["python", "-m", "src.launch", "-m", *as_typed(overrides)])
    sweep.metric, sweep.direction = config.sweep.metric, config.sweep.direction
    return sweep


def plan_cell(fixed: Sequence[str], overrides: Sequence[str], runs: Path) -> Cell:
    """The cell that a combination of overrides means.

    Args:
        runs: where single runs are kept, which ``run.from`` may name; a cell keeps its own in the sweep's folder.
        fixed: the overrides that all cells share. They are kept as they were typed: sweepers write them anew, and not
            always so that Hydra reads the same.
        overrides: of the cell, from a sweeper; the shared ones among them.
    """
    shared = {key_of(one) for one in fixed}
    swept = as_typed([one for one in overrides if key_of(one) not in shared])
    if not swept:
        raise ConfigError("nothing is swept: give a key several values, such as seed=1,2,3, or leave -m out")
    settings = {key_of(one): value_of(one) for one in swept}
    name = cell_name(settings)
    arguments = [_settled(one, runs) for one in (*as_typed(fixed), *swept) if one in swept or not carries_out(one)]
    recipe = next((value_of(one) for one in arguments if key_of(one) == "recipe"), "")
    return Cell(name, settings, arguments, run=os.path.join(recipe, name))


def _settled(argument: str, runs: Path) -> str:
    return f"run.from={in_full(value_of(argument), runs)}" if key_of(argument) == "run.from" else argument


def compose_cell(loader: ConfigLoader, config: DictConfig, cell: Cell) -> DictConfig:
    """The cell's configuration, checked as its own launch would check it.

    Raises:
        ConfigError: it cannot run; the message names the cell.
    """
    try:
        ordered, _ = order_arguments(cell.arguments)
        cfg = loader.load_sweep_config(config, ordered)
        with open_dict(cfg):
            choices = cfg.pop("hydra").runtime.choices
        admit(cfg, choices)
    except UserError as error:
        raise ConfigError(f"cell {cell.name}: {error}") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"cell {cell.name}: {_in_one_line(error)}") from None
    return cfg


def _in_one_line(error: Exception) -> str:
    """What Hydra says over several lines, without the search path that it may add."""
    lines = str(error).partition("Config search path")[0].splitlines()
    if isinstance(error.__cause__, OmegaConfBaseException):
        lines.append(str(error.__cause__).splitlines()[0])
    return re.sub(r"\s+", " ", "; ".join(line.strip().rstrip(".") for line in lines if line.strip()))


def command_of(program: Sequence[str], sweep: Sweep, cell: Cell) -> list[str]:
    """The command that runs a cell, as a process of its own."""
    # The name is the cell's own: what an earlier attempt has begun goes on where it was.
    return [*program, *cell.arguments, f"run.folder={sweep.folder}", f"run.name={cell.name}"]


def split(config: DictConfig) -> tuple[list[str], list[str]]:
    """The overrides that all cells share, and the keys that are swept."""
    parsed = OverridesParser.create().parse_overrides(list(config.hydra.overrides.task))
    params = OmegaConf.select(config, "hydra.sweeper.params") or {}
    given = [key_of(one.get_key_element()) for one in parsed if one.is_sweep_override()]
    swept = dict.fromkeys([*map(key_of, params), *given])
    return [str(one.input_line) for one in parsed if key_of(one.get_key_element()) not in swept], list(swept)


def _sweeper(config: DictConfig) -> list[Any]:
    """What chooses the cells beside the command line's keys. More trials of the same search are the same sweep."""
    given = [one for one in config.hydra.overrides.hydra if one.startswith(("hydra/sweeper", "hydra.sweeper."))]
    params = OmegaConf.select(config, "hydra.sweeper.params")
    return [
        sorted(one for one in given if key_of(one) != "hydra.sweeper.n_trials"),
        OmegaConf.to_container(params, resolve=False) if params else None,
    ]


def _check_settings(config: DictConfig, overrides: Sequence[str], swept: Sequence[str]) -> None:
    if own := [key for key in swept if carries_out(key)]:
        raise ConfigError(f"{own[0]} cannot be swept: it says how a sweep is carried out")
    given = {key_of(one) for one in overrides}
    if "run.name" in given:
        raise ConfigError("run.name= names a single run: a sweep names its cells itself; give sweep.name=")
    if "run.fresh" in given:
        raise ConfigError("run.fresh= is for a single run: give another sweep.name= to start a sweep over")
    jobs: Any = config.sweep.jobs
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise ConfigError(f"sweep.jobs={jobs}: give a whole number of at least 1")
    _check_metric(config, swept)
    if config.sweep.direction not in (None, *DIRECTIONS):
        raise ConfigError(f"sweep.direction={config.sweep.direction}: choose one of {', '.join(DIRECTIONS)}")


def _check_metric(config: DictConfig, swept: Sequence[str]) -> None:
    """Refuse a search that would prefer one reward to another by their size: rewards have units of their own."""
    searches = "direction" in config.hydra.sweeper  # a grid takes every cell, whatever came of the others
    metric = config.sweep.metric or "val/*/reward"
    rewards = [key for key in swept if sets_reward(key)]
    if searches and rewards and is_reward(metric):
        raise ConfigError(
            f"a search over {rewards[0]} cannot go by {metric}, whose unit is the reward's: give "
            "sweep.metric='val/*/mse' and hydra.sweeper.direction=minimize, or another metric "
            "that does not depend on the reward"
        )


def _as_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigError(f"sweep.name={name!r}: use letters, digits, dots, hyphens and underscores only")
    return name
