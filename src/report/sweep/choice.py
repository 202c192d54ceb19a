"""What a sweep's settings are compared by, and when they cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from omegaconf import OmegaConf

from src.errors import UserError
from src.record.metric_names import is_reward, ranked
from src.record.sweep import Cell, sets_reward
from src.runs import RecordedRun

DEFAULT = ("val/*/reward", "reward/mean")


@dataclass(frozen=True)
class Choice:
    """The metric of a comparison.

    Args:
        refusal: why settings have no order by it; None where they have one.
        note: why it is not the one that a reader expects.
    """

    metric: str
    refusal: str | None = None
    note: str | None = None


def choose(done: Sequence[tuple[Cell, RecordedRun]], asked: str | None) -> Choice:
    """Choose the metric for cells that have ended well.

    Rewards of different functions are in different units, and so are errors on different data: neither is ranked.

    Args:
        asked: what the user wants to compare by; None: the held-out reward, or where the reward varies between cells
            the leading metric of the task, which does not depend on it.
    """
    varied = rewards_vary(done)
    if asked is None and varied:
        leads = {lead for _, run in done for lead in _leads(run)} - {"reward"}
        if len(leads) == 1:
            metric = f"val/*/{leads.pop()}"
            note = (
                f"The reward varies between the cells, so they are compared by {metric}, which does not depend on it."
            )
            return Choice(metric, _other_data(done, metric), note)
    metric = asked or next((one for one in DEFAULT if any(_names(run, one) for _, run in done)), DEFAULT[0])
    if varied and is_reward(metric):
        return Choice(
            metric,
            "The reward varies between the cells, so their rewards are in different units and have no order: give "
            "--metric a metric of the task, such as 'val/*/mse'.",
        )
    return Choice(metric, _other_data(done, metric))


def rewards_vary(done: Sequence[tuple[Cell, RecordedRun]]) -> bool:
    """Whether cells were rewarded by different functions or settings: by what is swept, or by what they composed to."""
    swept = {json.dumps({key: one for key, one in cell.settings.items() if sets_reward(key)}) for cell, _ in done}
    return len(swept) > 1 or len({_reward_of(run) for _, run in done}) > 1


def _reward_of(run: RecordedRun) -> str:
    """All that a run's configuration says of its rewards."""
    try:
        config: Any = OmegaConf.to_container(run.config)
    except UserError:
        return ""
    stages = config.get("stage") or {}
    own = {name: node["reward"] for name, node in stages.items() if isinstance(node, dict) and node.get("reward")}
    return json.dumps([config.get("reward"), own], sort_keys=True, default=str)


def _leads(run: RecordedRun) -> set[str]:
    """The leading metric of every group that the run has validated."""
    metrics: dict[str, list[str]] = {}
    baselines: dict[str, dict[str, dict[str, float]]] = {}
    for name in map(str, run.metrics().columns):
        match name.split("/"):
            case ["val", group, metric]:
                metrics.setdefault(group, []).append(metric)
            case ["val", group, "baseline", baseline, metric]:
                baselines.setdefault(group, {}).setdefault(baseline, {})[metric] = 0.0
    return {ranked(names, baselines.get(group, {}))[0] for group, names in metrics.items()}


def _other_data(done: Sequence[tuple[Cell, RecordedRun]], metric: str) -> str | None:
    """Why an error has no order: runs have it of different data, and so in different units."""
    if "*" not in metric or is_reward(metric):
        return None
    every = [names for _, run in done if (names := _names(run, metric))]
    if all(names == every[0] for names in every):
        return None
    data = ", ".join(sorted({name.split("/")[1] for names in every for name in names}))
    return f"The runs have {metric} of different data ({data}), so their values have no order: sweep one dataset."


def _names(run: RecordedRun, metric: str) -> list[str]:
    found = [name for name in run.scores if name.count("/") == metric.count("/") and fnmatchcase(name, metric)]
    return sorted(found) or ([metric] if metric in run.metrics().columns else [])
