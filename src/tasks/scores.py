"""What a task says of many answers: metrics with intervals, beside what would have been reached without a model."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.record.metric_names import best_baseline
from src.tasks.blocks import LEVEL, Estimate, Interval, estimate

_PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class Metric:
    """A value with its 95 % interval; each None where it does not exist."""

    value: float | None
    interval: Interval | None = None


@dataclass(frozen=True)
class Difference:
    """The model's leading metric less another's, over the questions that both have answered.

    Args:
        to: a baseline, or an earlier stage.
        kind: ``baseline`` or ``stage``.
        interval: 95 %; None for fewer than two items, as ``p``.
        p: of a true difference of zero.
        items: independent ones among the questions.
    """

    to: str
    kind: str
    difference: float
    interval: Interval | None
    p: float | None
    questions: int
    items: int

    def as_dict(self) -> dict[str, Any]:
        """The difference for JSON."""
        return {**vars(self), "interval": None if self.interval is None else list(self.interval)}


@dataclass(frozen=True)
class ByQuestion:
    """The leading metric question by question, so that two models can be compared on the same ones.

    Args:
        ids: of the questions within their group.
        items: the independent item that each belongs to.
        values: the mean over a question's answers; None where none can be used.
    """

    ids: Sequence[str]
    items: Sequence[int]
    values: Sequence[float | None]

    def as_dict(self) -> dict[str, Any]:
        """Three columns for JSON."""
        return {"ids": list(self.ids), "items": list(self.items), "values": list(self.values)}


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
        items: how many of them are independent: windows that overlap are one. None: all of them.
        answers: how many, over all questions.
        failed: answers that cannot be used.
        about: what must be said beside a metric, such as the season that an error is scaled by.
        differences: to the best baseline, where it is known question by question.
    """

    lead: str
    metrics: Mapping[str, Metric]
    baselines: Mapping[str, Mapping[str, Metric]]
    questions: int
    answers: int
    failed: int
    items: int | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    differences: Sequence[Difference] = ()
    by_question: ByQuestion | None = None

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
            "about": dict(self.about),
            "differences": [one.as_dict() for one in self.differences],
            "by_question": None if self.by_question is None else self.by_question.as_dict(),
            "variants": {},  # what an evaluation asks otherwise (``src.evaluation.variants``)
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


def ratio(
    numerators: Sequence[float],
    denominators: Sequence[float],
    seed: int,
    items: Sequence[Hashable] | None = None,
    most: float = math.inf,
) -> Metric:
    """sum(numerators) / sum(denominators), one pair per question, with its 95 % interval over independent items.

    With denominators of 1 it is a mean. There is no value where the denominators add up to nothing, and no interval for
    one item. See ``src.tasks.blocks.estimate``.

    Args:
        numerators: not negative, so that the interval does not go below zero.
        items: of each question; None: each is one.
        most: what the metric cannot exceed: 1 for a share.
    """
    found = estimate(numerators, denominators, range(len(numerators)) if items is None else items, seed)
    return Metric(None) if found is None else share(found, most)


def share(found: Estimate, most: float = 1.0) -> Metric:
    """A figure between 0 and ``most`` with its 95 % interval."""
    if found.error == 0 and most < math.inf:
        # All or none: no resample differs, and yet the share is not known for certain (Clopper-Pearson).
        apart = most * (1 - ((1 - LEVEL) / 2) ** (1 / found.items))
        return Metric(found.value, (max(0.0, found.value - apart), min(most, found.value + apart)))
    return Metric(found.value, found.interval(0.0, most))


def difference(
    to: str,
    kind: str,
    ours: Sequence[float | None],
    theirs: Sequence[float | None],
    items: Sequence[Hashable],
    seed: int = 0,
) -> Difference | None:
    """Ours less theirs, question by question; None where no question has both.

    Args:
        ours, theirs: (N,), the leading metric of the same questions; None where there is none.
        items: (N,), the independent item of each question.
    """
    both = [(a - b, item) for a, b, item in zip(ours, theirs, items, strict=True) if a is not None and b is not None]
    found = estimate([one for one, _ in both], [1.0] * len(both), [item for _, item in both], seed)
    if found is None:
        return None
    p = None if math.isnan(found.p) else found.p
    return Difference(to, kind, found.value, found.interval(), p, len(both), found.items)


def to_best_baseline(
    lead: str,
    baselines: Mapping[str, Mapping[str, Metric]],
    ours: Sequence[float | None],
    beside: Mapping[str, Sequence[float]],
    seed: int = 0,
    items: Sequence[Hashable] | None = None,
) -> list[Difference]:
    """The difference to the best baseline; none where that is not known by question.

    Args:
        lead: the metric that decides.
        ours: (N,), the model's on each question.
        beside: name of a baseline -> (N,) values of the same questions; it may lack some of ``baselines``.
        items: (N,), the independent item of each question; None: each is one.
    """
    known = {name: one[lead].value for name, one in baselines.items() if lead in one}
    best = best_baseline({name: {lead: value} for name, value in known.items() if value is not None}, lead)
    if best is None or best not in beside:
        return []
    found = difference(best, "baseline", ours, beside[best], range(len(ours)) if items is None else items, seed)
    return [] if found is None else [found]
