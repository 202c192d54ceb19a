"""``launch.dry_run=true``: what each stage would run with, and what differs from veRL's defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from src.config.best import which_is_best
from src.config.defaults import verls_defaults
from src.config.leaves import leaves
from src.config.stage_node import FIRST
from src.config.stages import Stage


def show(cfg: DictConfig, stages: Sequence[Stage]) -> None:
    """Print every stage's resolved config, then its differences from veRL's defaults."""
    own = {
        key: cfg[key]
        for key in ("recipe", "scale", "seed", "stages", "runtime", "dataset", "model", "run", "logging", "evaluation")
    }
    print("# the project's own settings")
    print(_yaml(_resolved(OmegaConf.create(own))))
    for stage in stages:
        if (dataset := _resolved(stage.dataset)) != _resolved(cfg.dataset):
            print(f"# stage {stage.name}: its own dataset")
            print(_yaml({"dataset": dataset}))
        if stage.reference is not None:
            print(f"# stage {stage.name}: KL is measured from {_reference(stage.reference)}\n")
        print(f"# stage {stage.name}: veRL's {stage.trainer} trainer, resolved")
        print(_yaml(_resolved(stage.config)))
        print(f"# stage {stage.name}: what differs from veRL's defaults")
        for line in differences(stage):
            print(line)
        print()
    for stage in stages:
        print(which_is_best(stage))


def _reference(reference: str) -> str:
    return "the model that the run's first stage starts from" if reference == FIRST else reference


def differences(stage: Stage) -> list[str]:
    """``key: default -> value`` for every key of a stage that is not at veRL's default."""
    default = dict(leaves(_resolved(OmegaConf.create(verls_defaults(stage.trainer)))))
    lines = []
    for key, value in leaves(_resolved(stage.config)):
        if key not in default:
            lines.append(f"  {key}: (absent) -> {value}")
        elif default[key] != value:
            lines.append(f"  {key}: {default[key]} -> {value}")
    return lines


def _resolved(config: Any) -> Any:
    return OmegaConf.to_container(config, resolve=True, throw_on_missing=False)


def _yaml(content: Any) -> str:
    return yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
