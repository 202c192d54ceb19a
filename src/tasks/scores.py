"""What a task says of many answers: metrics with intervals, beside what would have been reached without a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

RESAMPLES = 2000
_PROBLEMS_SHOWN = 20

Interval = tuple[float, float]


@dataclass(frozen=True)
class Metric:
    """A value with its 95 % interval; each None where it does not exist."""

    value: float | None
    interval: Interval | None = None


@dataclass(frozen=True)
class Group:
    """Questions that are scored together.

    Args:
        lead: the metric that answers are compared with the baselines by; it is one of ``metrics`` and of every
            baseline's.
        metrics: name -> metric of the model.
        baselines: name of a trivial solver -> its metrics on the same questions. Names that start with ``oracle`` or
            ``noise_floor`` are bounds that no honest answer is expected to beat.
        questions: how many.
        items: how many of them are independent: windows that overlap are one.
        answers: how many, over all questions.
        failed: answers that cannot be used.
    """

    lead: str
    metrics: Mapping[str, Metric]
    baselines: Mapping[str, Mapping[str, Metric]]
    questions: int
    answers: int
    failed: int
    items: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The group for JSON, as ``evaluation.json`` has it."""
        return {
            "lead": self.lead,
            "metrics": _metrics(self.metrics),
            "baselines": {name: _metrics(values) for name, values in self.baselines.items()},
            "questions": self.questions,
            "items": self.questions if self.items is None else self.items,
            "answers": self.answers,
            "failed": self.failed,
        }


@dataclass(frozen=True)
class Scores:
    """Groups by name (a row's ``source``), and whatever else a task has to say of them, for JSON."""

    groups: Mapping[str, Group]
    details: Mapping[str, Any] = field(default_factory=dict)

    def held_out(self) -> Iterator[tuple[str, float]]:
        """The metrics of a validated step: ``val/<group>/<metric>``, ``val/<group>/baseline/<name>/<metric>``.

        The leading metric comes first, by which whoever reads the record knows it.
        """
        for name, group in self.groups.items():
            yield from _named(f"val/{name}", group.metrics, group.lead)
            yield f"val/{name}/fail_frac", group.failed / group.answers
            for baseline, metrics in group.baselines.items():
                yield from _named(f"val/{name}/baseline/{baseline}", metrics, group.lead)


def _metrics(metrics: Mapping[str, Metric]) -> dict[str, Any]:
    return {
        name: {"value": one.value, "interval": None if one.interval is None else list(one.interval)}
        for name, one in metrics.items()
    }


def _named(prefix: str, metrics: Mapping[str, Metric], lead: str) -> Iterator[tuple[str, float]]:
    for name in sorted(metrics, key=lambda name: name != lead):
        if (value := metrics[name].value) is not None:
            yield f"{prefix}/{name}", value


def counted(problems: Iterable[str]) -> dict[str, int]:
    """How often each problem stands there, most frequent first; rare ones are counted together."""
    counts = Counter(problems).most_common()
    shown = dict(counts[:_PROBLEMS_SHOWN])
    if rest := sum(count for _, count in counts[_PROBLEMS_SHOWN:]):
        shown["other problems"] = rest
    return shown


def ratio(numerators: Sequence[float], denominators: Sequence[float], seed: int) -> Metric:
    """sum(numerators) / sum(denominators), one pair per question, with its 95 % percentile bootstrap interval.

    With denominators of 1 it is a mean. There is no value where the denominators add up to nothing, and no interval for
    one question.
    """
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if not bottom.sum() > 0:
        return Metric(None)
    value = float(top.sum() / bottom.sum())
    if len(top) < 2:
        return Metric(value)
    draws = np.random.default_rng(seed).integers(len(top), size=(RESAMPLES, len(top)))
    below = bottom[draws].sum(axis=1)
    values = top[draws].sum(axis=1)[below > 0] / below[below > 0]
    low, high = np.percentile(values, [2.5, 97.5])
    return Metric(value, (float(low), float(high)))
