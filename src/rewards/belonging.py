"""Whether datasets, their tasks and rewards belong together: known before anything starts, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.checks import check
from src.config.named import load_function
from src.config.stage_node import settle
from src.config.stages import Stage, build_stages
from src.errors import ConfigError
from src.rewards.judge import make_terms
from src.tasks.task import Task, load_task, task_class

# A reward's module may have a function of this name, which is given the task and the reward's settings.
ADMIT = "admit_settings"


def accept(cfg: DictConfig, choices: Mapping[str, Any]) -> list[Stage]:
    """The stages of a composed configuration, after everything that can be known to be wrong before a start.

    Args:
        cfg: options that its stages name are put into it.
        choices: Hydra's, group -> option.

    Raises:
        ConfigError: in one sentence.
    """
    settle(cfg, choices)
    seen = check(cfg)
    stages = build_stages(cfg, seen)
    check_belonging(cfg, seen)
    return stages


def check_belonging(cfg: DictConfig, seen: Mapping[str, DictConfig]) -> None:
    """Refuse stages whose dataset, task and reward do not belong together.

    Args:
        cfg: a run's whole configuration.
        seen: the same as each stage sees it.

    Raises:
        ConfigError: with what to choose instead.
    """
    task_class(cfg.dataset)
    for name, view in seen.items():
        if view.stage[name].kind == "sft":
            check_sft(view.dataset)
        else:
            check_rl(view.dataset, view.reward)


def check_sft(dataset: DictConfig) -> None:
    """Refuse a dataset that an SFT stage cannot be trained on.

    Raises:
        ConfigError: it names no task, or one without traces.
    """
    if task_class(dataset).traces is Task.traces:
        raise ConfigError(
            f"dataset {dataset.name} has no traces to imitate ({dataset.task}): leave its SFT stage out of stages="
        )


def check_rl(dataset: DictConfig, reward: DictConfig) -> None:
    """Refuse a dataset and a reward that do not belong together.

    Args:
        reward: the ``reward`` node; its ``kinds`` lists the kinds of task that it scores, without it: any.

    Raises:
        ConfigError: the dataset names no task, there is no such reward function, it is of another kind, or its module
            refuses its settings with this dataset; or a judge's settings cannot be used.
    """
    task, function = task_class(dataset), reward.custom_reward_function
    make_terms(plain_judges(reward))
    if function.path is None:
        return  # the task's own
    kinds: Any = reward.get("kinds")
    if kinds is not None and task.kind not in kinds:
        raise ConfigError(
            f"the reward {function.name} of {function.path} scores {' and '.join(kinds)}, but dataset {dataset.name} "
            f"asks {task.kind} ({dataset.task}): choose a reward= for it, reward=own for the task's, "
            "or reward.kinds=null where the function scores any"
        )
    found = load_function(function.path, function.name, key="reward.custom_reward_function")
    admit = getattr(found, "__globals__", {}).get(ADMIT)
    if admit is not None:
        settings: Any = OmegaConf.to_container(function, resolve=True)
        admit(load_task(dataset), settings.get("reward_kwargs") or {})


def plain_judges(reward: DictConfig) -> Any:
    """The judges of the ``reward`` node as plain containers; None where it has none."""
    judges = reward.get("judges")
    return OmegaConf.to_container(judges, resolve=True) if isinstance(judges, DictConfig) else judges
