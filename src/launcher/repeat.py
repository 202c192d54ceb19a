"""``python -m src.launch repeat=RUN [KEY=VALUE ...]``: a new run with the recorded configuration of another one.

``run.json`` is all that is needed of it: the composed configuration is taken as it was recorded, not composed again, so
that neither a changed YAML file nor another machine's choice of runtime slips in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config.compose import CONF, LAYERS
from src.config.moved import refuse_moved
from src.config.quoting import check_grammar, expand_home
from src.config.stage_node import GROUPS
from src.errors import ConfigError, UserError
from src.launcher.start_from import find_run
from src.record.provenance import provenance
from src.record.reading import read_meta
from src.record.run import require_format

Start = Callable[[DictConfig, Sequence[str], dict[str, Any] | None], Any]


def repeat(arguments: Sequence[str], start: Start) -> int:
    """Start the run that the command line asks for; returns the exit code.

    Args:
        arguments: ``repeat=RUN`` and overrides ``KEY=VALUE`` of its configuration.
        start: checks a configuration and carries it out.
    """
    try:
        name = next(one for one in arguments if one.startswith("repeat=")).partition("=")[2]
        overrides = [expand_home(one) for one in arguments if not one.startswith("repeat=")]
        folder = next((one.partition("=")[2] for one in overrides if one.startswith("run.folder=")), "outputs")
        source = find_run(name, Path(folder), "repeat")
        record = read_meta(source)
        require_format(source, record, "repeat it")
        cfg = recorded_config(record, overrides)
        differences = environment_differences(record, provenance(()))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"repeating {source}: {record['command']}")
    for difference in differences or ["code, versions and machine are the same"]:
        print(f"  {difference}")
    repeats = {"run": str(source), "created": record["created"], "fingerprint": record.get("fingerprint")}
    start(cfg, arguments, {**repeats, "differences": differences})
    return 0


def recorded_config(record: Mapping[str, Any], overrides: Sequence[str]) -> DictConfig:
    """The configuration of a run for a new run of its own name, changed by ``overrides``.

    Raises:
        ConfigError: an override that names no key of the configuration, or chooses a group.
    """
    cfg = OmegaConf.create(record["config"])
    assert isinstance(cfg, DictConfig)
    defaults: Any = OmegaConf.load(CONF / "config.yaml")
    for key in ("run", "launch"):  # how the other run was started is not part of what is repeated
        cfg[key] = {**defaults[key], **({"folder": cfg.run.folder} if key == "run" else {})}
    OmegaConf.set_struct(cfg, True)
    refuse_moved(text.partition("=")[0] for text in overrides)
    check_grammar(overrides)
    for text in overrides:
        try:
            (override,) = OverridesParser.create().parse_overrides([text])
            key, value = override.key_or_group, override.value()
            if override.is_sweep_override() or override.is_add() or override.is_delete() or key in LAYERS:
                raise ConfigError(f"{text}: a repeated run takes KEY=VALUE of its recorded configuration only")
            of_group = key.startswith("stage.") and key.rpartition(".")[2] in GROUPS
            if (of_group or OmegaConf.is_dict(OmegaConf.select(cfg, key))) and not isinstance(value, dict):
                raise ConfigError(f"{text}: the groups of a repeated run are fixed; give single keys")
            OmegaConf.update(cfg, key, value, force_add=key.startswith("stage."))  # its keys are checked as a launch's
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(f"{text}: {str(error).splitlines()[0]}") from None
    return cfg


def environment_differences(record: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between a recorded launch and this one in code, versions and machine: one line each."""
    lines = []
    if record["git"]["commit"] != now["git"]["commit"]:
        lines.append(f"git commit: {record['git']['commit']} -> {now['git']['commit']}")
    for name, launch in (("recorded", record), ("present", now)):
        if launch["git"]["dirty"]:
            lines.append(f"the {name} tree has changes that are not committed")
    for part in ("versions", "hardware"):
        old, new = record[part], now[part]
        lines += [
            f"{key}: {old.get(key)} -> {new.get(key)}"
            for key in dict.fromkeys([*old, *new])
            if old.get(key) != new.get(key)
        ]
    return lines
