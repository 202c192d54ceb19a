"""``launch.dry_run=true``: what each stage would run with, and what differs from veRL's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hydra import compose
from omegaconf import DictConfig, OmegaConf

from src.config.compose import verl_config_folder
from src.config.stages import Stage


def show(cfg: DictConfig, stages: Sequence[Stage]) -> None:
    """Print every stage's resolved config, then its differences from veRL's defaults."""
    own = {
        key: cfg[key]
        for key in ("recipe", "scale", "seed", "runtime", "dataset", "model", "run", "logging", "evaluation")
    }
    print("# the project's own settings")
    print(OmegaConf.to_yaml(OmegaConf.create(own), resolve=True))
    for stage in stages:
        print(f"# stage {stage.name}: veRL's {stage.trainer} trainer, resolved")
        print(OmegaConf.to_yaml(stage.config, resolve=True))
        print(f"# stage {stage.name}: what differs from veRL's defaults")
        for line in differences(stage):
            print(line)
        print()


def differences(stage: Stage) -> list[str]:
    """``key: default -> value`` for every key of a stage that is not at veRL's default."""
    default = dict(_leaves(_defaults(stage.trainer)))
    lines = []
    for key, value in _leaves(stage.config):
        if key not in default:
            lines.append(f"  {key}: (absent) -> {value}")
        elif default[key] != value:
            lines.append(f"  {key}: {default[key]} -> {value}")
    return lines


def _defaults(trainer: str) -> DictConfig:
    """veRL's own configuration of a trainer."""
    if trainer == "sft":
        return compose("sft_trainer_engine")
    # veRL keeps the composed tree of its RL trainer in a file: reading it takes a tenth of composing it again.
    generated = OmegaConf.load(verl_config_folder() / "_generated_ppo_trainer.yaml")
    assert isinstance(generated, DictConfig)
    return generated


def _leaves(config: DictConfig) -> Iterator[tuple[str, Any]]:
    content = OmegaConf.to_container(config, resolve=True, throw_on_missing=False)

    def walk(prefix: str, node: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(node, dict) and node:
            for key, value in node.items():
                yield from walk(f"{prefix}.{key}" if prefix else str(key), value)
        else:
            yield prefix, node

    return walk("", content)
