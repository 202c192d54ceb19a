"""Which of a stage's checkpoints is the best one, by a held-out metric at its own step.

It is found from the record and the checkpoints that are there, and kept nowhere: a run that was killed, resumed, or is
read from outside finds the same one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from src.record.layout import Layout
from src.record.lines import readable_lines
from src.record.metric_names import lower_is_better, select

HELD_OUT_REWARD = "val/*/reward"
HELD_OUT_LOSS = "val/loss"


def metric_of(trainer: str | None, chosen: str | None) -> str:
    """By what a stage's checkpoints are judged; of errors and losses the lowest is best, of all else the highest.

    Args:
        trainer: ``sft``, which knows only the loss, or ``ppo``.
        chosen: ``run.best_metric``.
    """
    return HELD_OUT_LOSS if trainer == "sft" else chosen or HELD_OUT_REWARD


def chosen_metric(meta: Mapping[str, Any]) -> str | None:
    """``run.best_metric`` as ``run.json`` has it; None for its default, and in runs from before there was one."""
    config = meta.get("config")
    run = config.get("run") if isinstance(config, Mapping) else None
    return run.get("best_metric") if isinstance(run, Mapping) else None


def held_out(run: Path, stage: str, metric: str) -> dict[int, float]:
    """The value of a metric at each step where it is finite, by step; the later line of a step counts.

    Args:
        run: the run's folder.
        metric: a name of the record; a ``*`` stands for any dataset, and their mean is taken.
    """
    file, at = Layout(run).metrics_file, {}
    for line in readable_lines(file, []) if file.is_file() else ():
        if line.get("stage") == stage and isinstance(step := line.get("step"), int):
            numbers = {name: value for name, value in line.items() if isinstance(value, int | float)}
            if math.isfinite(value := select(numbers, metric)):
                at[step] = value
    return at


def best_step(values: Mapping[int, float], metric: str, among: Collection[int]) -> int | None:
    """The step of the best value; the earliest of equal ones, None where none of ``among`` has a value."""
    steps = sorted(step for step in among if step in values)
    if not steps:
        return None
    return (min if lower_is_better(metric) else max)(steps, key=values.__getitem__)
