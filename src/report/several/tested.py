"""The test split after each stage of each run, beside the best baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from src.report.run.comparison import Comparison, on_test_split
from src.tasks.scores import Difference, difference


@dataclass(frozen=True)
class Tested:
    """One run on one group of the test split, by the metric that decides.

    Args:
        values: stage -> metric -> value. failed: the last stage's share.
        to_stage: the last stage's model less that of the stage before. to_baseline: it less the best baseline.
        outcome: against the best baseline: wins, uncertain or loses.
        questions, items: how many, and how many of them are independent (None: not recorded).
    """

    dataset: str
    run: str
    lead: str
    values: Mapping[str, Mapping[str, float]]
    interval: tuple[float, float] | None
    baselines: Mapping[str, Mapping[str, float]]
    baseline: str | None
    outcome: str | None
    to_stage: Difference | None
    to_baseline: Difference | None
    failed: float
    questions: int
    items: int | None


def tested(evaluation: Mapping[str, Any], name: str) -> list[Tested]:
    """Return one row per group of a run's ``evaluation.json``; none for a run that was not evaluated."""
    return [_row(evaluation, item, name) for item in on_test_split(evaluation)]


def _row(evaluation: Mapping[str, Any], item: Comparison, name: str) -> Tested:
    group = list(evaluation.values())[-1]["groups"][item.dataset]
    best = item.best_baseline
    return Tested(
        item.dataset,
        name,
        item.lead,
        {one.stage: dict(one.values) for one in item.evaluations},
        item.last.intervals.get(item.lead),
        item.baselines,
        best,
        None if best is None else item.outcome,
        item.last.difference("stage"),
        None if best is None else item.last.difference("baseline", best),
        item.last.values["fail_frac"],
        group["questions"],
        item.items,
    )


def pooled_stages(evaluations: Sequence[Mapping[str, Any]], dataset: str) -> Difference | None:
    """The last stage less the one before, each question's values the means over the runs that all were asked it."""
    pairs = []
    for evaluation in evaluations:
        results = [result["groups"].get(dataset) for result in evaluation.values()][-2:]
        columns = [group and group.get("by_question") for group in results]
        if len(columns) < 2 or not all(columns):
            return None
        pairs.append([dict(zip(one["ids"], one["values"], strict=True)) for one in columns if one])
        items = dict(zip(columns[-1]["ids"], columns[-1]["items"], strict=True))
    if not pairs:
        return None
    ids = [one for one in items if all(values.get(one) is not None for pair in pairs for values in pair)]
    before, after = ([fmean(pair[place][one] for pair in pairs) for one in ids] for place in (0, 1))
    stage = list(evaluations[-1])[-2]
    return difference(stage, "stage", after, before, [items[one] for one in ids])
