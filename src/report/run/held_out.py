"""Held-out answers before and after the last stage of each run, question by question."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.record.samples import Sample, read_samples
from src.report.parts.dashboard import match
from src.report.run.comparison import compare
from src.tasks.scores import Difference, difference

ALL = "all"  # the name of all datasets together

Question = tuple[str, Any, Any]  # dataset, channel, index


@dataclass(frozen=True)
class Gain:
    """The mean reward of one question's answers before and after.

    Args:
        item: the independent one that the question belongs to; None where an older run did not record it.
    """

    before: float
    after: float
    item: Hashable | None


@dataclass(frozen=True)
class HeldOut:
    """One run on one held-out dataset, at the first and the last validation of the last stage that has two.

    Args:
        lead: the metric that decides. value: of the model, before and after.
        baseline: the best one, None where there is none.
        reward: its mean before and after. gain: their difference, paired by question.
    """

    dataset: str
    run: str
    stage: str
    steps: tuple[int, int]
    valid: tuple[float | None, float | None]
    reward: tuple[float | None, float | None]
    gain: Difference | None
    lead: str
    value: tuple[float | None, float | None]
    baseline: str | None
    baseline_value: float | None


def held_out(record: RunRecord, name: str) -> tuple[list[HeldOut], dict[Question, Gain], dict[str, list[Sample]]]:
    """Return one row per dataset, the gain of each question, and all answers, by "before" and "after"."""
    comparisons = {item.dataset: item for item in compare(record)}
    found: list[HeldOut] = []
    gains: dict[Question, Gain] = {}
    answers: dict[str, list[Sample]] = {}
    for stage, steps, metrics in _validated(record):
        before, after = (_answers(record, stage, step) for step in steps)
        gains = _gains(before, after)
        answers = {"before": before, "after": after}
        for dataset in metrics:
            item, values = comparisons[dataset], metrics[dataset]
            best = item.best_baseline
            found.append(
                HeldOut(
                    dataset,
                    name,
                    stage,
                    steps,
                    _both(values.get("fail_frac"), steps, lambda share: 1 - share),
                    _both(values.get("reward"), steps),
                    paired({question: one for question, one in gains.items() if question[0] == dataset}),
                    item.lead,
                    _both(values.get(item.lead), steps),
                    best,
                    None if best is None else item.baselines[best][item.lead],
                )
            )
    return found, gains, answers


def _validated(record: RunRecord) -> list[tuple[str, tuple[int, int], dict[str, dict[str, Series]]]]:
    """The last stage that was validated at two steps: its name, the first and last of them, dataset -> metric."""
    for stage, metrics in reversed(record.metrics.items()):
        datasets: dict[str, dict[str, Series]] = defaultdict(dict)
        for name, binding in match("val/{dataset}/{metric}", metrics).items():
            datasets[binding["dataset"]][binding["metric"]] = metrics[name]
        steps = sorted({int(step) for values in datasets.values() for one in values.values() for step in one.steps})
        if len(steps) > 1:
            return [(stage, (steps[0], steps[-1]), dict(datasets))]
    return []


def _both(series: Series | None, steps: tuple[int, int], change: Any = float) -> tuple[float | None, float | None]:
    first, last = (_at(series, step) for step in steps)
    return (None if first is None else change(first)), (None if last is None else change(last))


def _at(series: Series | None, step: int) -> float | None:
    value = [] if series is None else series.values[series.steps == step]
    return float(value[0]) if len(value) and math.isfinite(value[0]) else None


def _answers(record: RunRecord, stage: str, step: int) -> list[Sample]:
    files = [file for file in record.sample_files if (file.stage, file.step) == (stage, step)]
    return [row for file in files for row in read_samples(file, []) if row.split == "val"]


def _gains(before: Sequence[Sample], after: Sequence[Sample]) -> dict[Question, Gain]:
    first, last = _by_question(before), _by_question(after)
    return {
        question: Gain(fmean(first[question][0]), fmean(rewards), item)
        for question, (rewards, item) in last.items()
        if question in first
    }


def _by_question(samples: Sequence[Sample]) -> dict[Question, tuple[list[float], Hashable | None]]:
    found: dict[Question, tuple[list[float], Hashable | None]] = {}
    for one in samples:
        if one.index is not None and one.score is not None and math.isfinite(one.score):
            found.setdefault((one.dataset, one.channel, one.index), ([], one.item))[0].append(one.score)
    return found


def paired(gains: Mapping[Question, Gain]) -> Difference | None:
    """The mean gain with its interval over independent items, which it has only where they are known."""
    items = [(question[0], one.item) for question, one in gains.items()]
    if any(item is None for _, item in items):
        items = [("", None)] * len(items)
    after, before = [one.after for one in gains.values()], [one.before for one in gains.values()]
    return difference("before", "step", after, before, items)


def pooled(runs: Sequence[Mapping[Question, Gain]], dataset: str) -> Difference | None:
    """The gain of the questions that all runs were asked, each the mean over the runs.

    Runs that answer the same questions are no further independent questions: the items are those of one run.
    """
    common = (
        [question for question in runs[0] if dataset in (ALL, question[0]) and all(question in one for one in runs)]
        if runs
        else []
    )
    return paired(
        {
            question: Gain(
                fmean(one[question].before for one in runs),
                fmean(one[question].after for one in runs),
                runs[0][question].item,
            )
            for question in common
        }
    )
