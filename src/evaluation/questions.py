"""Questions of any kind with a scorer of their own: how tasks that are not forecasting are evaluated.

A dataset's builder module may offer ``load_questions(cfg, split=..., download=..., log=...) -> QuestionSet``; then
``python -m src.evaluate`` and the end of a run ask these questions. A module without it is a forecaster's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from src.errors import DataError
from src.evaluation.requests import Completion, Generate, Request, request_seed
from src.evaluation.settings import EvaluationSettings

RESAMPLES = 2000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """One line of a result: questions that belong together.

    Args:
        metrics: name -> (value, 95 % interval), each None where it does not exist.
        baselines: name -> {metric: value}.
        questions, answers: how many.
        failed: answers that cannot be used.
    """

    metrics: Mapping[str, tuple[float | None, list[float] | None]]
    baselines: Mapping[str, Mapping[str, float]]
    questions: int
    answers: int
    failed: int


# Rows and responses, one each; the rows of one question may repeat. seed: of the bootstrap.
Scorer = Callable[[Sequence[Row], Sequence[str], int], Mapping[str, Group]]


@dataclass(frozen=True)
class QuestionSet:
    """rows: ``data_source``, ``prompt`` (messages), ``reward_model.ground_truth``, ``extra_info``, as RL reads them."""

    name: str
    fingerprint: str
    rows: Sequence[Row]
    score: Scorer


def choose(rows: Sequence[Row], limit: int | None, seed: int) -> list[Row]:
    """At most ``limit`` rows of each ``data_source``, drawn with the seed, in their order.

    Raises DataError when there are none.
    """
    if not rows:
        raise DataError("the split has no questions: raise dataset.rows")
    kept: list[int] = []
    for source in dict.fromkeys(row["data_source"] for row in rows):
        places = [place for place, row in enumerate(rows) if row["data_source"] == source]
        if limit is not None and limit < len(places):
            places = list(np.random.default_rng(seed).choice(places, limit, replace=False))
        kept += places
    return [rows[place] for place in sorted(kept)]


def ask(rows: Sequence[Row], settings: EvaluationSettings, generate: Generate) -> tuple[list[Row], list[Completion]]:
    """Answer every question ``settings.distinct_runs`` times, in one batch; rows and answers, by question and run."""
    asked = [(place, run) for place in range(len(rows)) for run in range(settings.distinct_runs)]
    requests = [
        Request(list(rows[place]["prompt"]), request_seed(settings.seed, run, place, 0)) for place, run in asked
    ]
    return [rows[place] for place, _ in asked], list(generate(requests))


def as_dict(group: Group) -> dict[str, Any]:
    """A group for JSON."""
    return {
        "metrics": {name: {"value": value, "interval": bounds} for name, (value, bounds) in group.metrics.items()},
        "baselines": {name: dict(values) for name, values in group.baselines.items()},
        "questions": group.questions,
        "answers": group.answers,
        "failed": group.failed,
    }


def ratio(
    numerators: Sequence[float], denominators: Sequence[float], seed: int
) -> tuple[float | None, list[float] | None]:
    """sum(numerators) / sum(denominators), one pair per question, with its 95 % percentile bootstrap interval.

    With denominators of 1 it is a mean. None where the denominators add up to nothing; no interval for one question.
    """
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if not bottom.sum() > 0:
        return None, None
    value = float(top.sum() / bottom.sum())
    if len(top) < 2:
        return value, None
    draws = np.random.default_rng(seed).integers(len(top), size=(RESAMPLES, len(top)))
    below = bottom[draws].sum(axis=1)
    values = top[draws].sum(axis=1)[below > 0] / below[below > 0]
    return value, [float(bound) for bound in np.percentile(values, [2.5, 97.5])]
