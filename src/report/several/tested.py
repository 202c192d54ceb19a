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
        variants: name -> metric -> value of the last stage's model, asked in another way. to_variants: it, as it is
            asked in general, less that.
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
    variants: Mapping[str, Mapping[str, float]]
    to_variants: Mapping[str, Difference]
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
        {variant: dict(one.values) for variant, one in item.variants.items()},
        {one.to: one for one in item.last.differences if one.kind == "variant"},
        item.last.values["fail_frac"],
        group["questions"],
        item.items,
    )


def pooled_stages(evaluations: Sequence[Mapping[str, Any]], dataset: str) -> Difference | None:
    """The last stage less the one before, each question's values the means over the runs that all were asked it."""
    stages = [[result["groups"].get(dataset) or {} for result in one.values()][-2:] for one in evaluations]
    if any(len(one) < 2 for one in stages):
        return None
    return _pooled(list(evaluations[-1])[-2], "stage", [(before, after) for before, after in stages])


def pooled_variant(evaluations: Sequence[Mapping[str, Any]], dataset: str, variant: str) -> Difference | None:
    """The last stage's model less itself on a variant of the questions, as ``pooled_stages``."""
    groups = [list(one.values())[-1]["groups"].get(dataset) or {} for one in evaluations]
    return _pooled(variant, "variant", [((one.get("variants") or {}).get(variant) or {}, one) for one in groups])


def _pooled(to: str, kind: str, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Difference | None:
    """The second of each pair of groups less the first; None where one is not known by question."""
    columns = [[one.get("by_question") or {} for one in pair] for pair in pairs]
    if not columns or not all(all(pair) for pair in columns):
        return None
    values = [[dict(zip(one["ids"], one["values"], strict=True)) for one in pair] for pair in columns]
    items = dict(zip(columns[-1][-1]["ids"], columns[-1][-1]["items"], strict=True))
    ids = [one for one in items if all(of.get(one) is not None for pair in values for of in pair)]
    before, after = ([fmean(pair[place][one] for pair in values) for one in ids] for place in (0, 1))
    return difference(to, kind, after, before, [items[one] for one in ids])
