"""Held-out scores: success rate, the metric on valid answers and on all, beside trivial solvers.

Groups are the sources of rows: a task, in or out of distribution. Of an answer that is not valid (recipes.timeomni1.
reward says when), a choice counts as wrong and a forecast as one of zeros, whose error is the mean size of the truth:
the paper's metric on valid answers rewards a model for not answering.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.timeomni1.answer import read_numbers
from src.tasks.choice.answer import read_body, read_choice
from src.tasks.choice.task import choice_baselines, options, right_by_question
from src.tasks.forecast.metrics import mae
from src.tasks.row import Row
from src.tasks.scores import ByQuestion, Group, Metric, Scores, ratio, to_best_baseline
from src.tasks.task import Answer, by_source


def read(row: Row, response: str) -> Answer:
    """The letter, or the values, of one response; of a choice that names no option, its text, which is wrong."""
    body = read_body(response)
    if not body.text:
        return Answer(None, "there is no answer", body.well_formed)
    if isinstance(row.truth, str):
        return Answer(read_choice(body.text, options(row)) or body.text, None, body.well_formed)
    values, wanted = read_numbers(body.text, len(row.truth)), len(row.truth)
    if values is None:
        return Answer(None, "the answer is no list of numbers", body.well_formed)
    if len(values) != wanted:
        return Answer(None, f"{len(values)} values instead of {wanted}", body.well_formed)
    return Answer(list(values), None, body.well_formed)


def score(rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
    """Score any number of answers to each question, by source, with bootstrap intervals over questions."""
    return Scores({source: _group(*some, seed) for source, some in by_source(rows, answers).items()})


def judge(row: Row, answer: Answer) -> dict[str, float]:
    """What one answer adds to the means of ``score``: ``acc_all`` or ``mae_all``, and ``acc`` or ``mae`` if valid."""
    one, kind = _judge(row, answer), "acc" if isinstance(row.truth, str) else "mae"
    return {f"{kind}_all": one.value} | ({kind: one.value} if one.valid else {})


@dataclass(frozen=True)
class Judged:
    """An answer with its value: 1 for the right letter; of a forecast its MAE, and that of zeros where it failed."""

    row: Row
    answer: Answer
    valid: bool
    value: float


def _judge(row: Row, answer: Answer) -> Judged:
    valid = answer.problem is None
    if isinstance(row.truth, str):
        return Judged(row, answer, valid, float(valid and answer.value == row.truth))
    value = mae(answer.value, row.truth) if valid else float(np.mean(np.abs(row.truth)))
    return Judged(row, answer, valid, value)


def _group(rows: Sequence[Row], answers: Sequence[Answer], seed: int) -> Group:
    judged = [_judge(row, answer) for row, answer in zip(rows, answers, strict=True)]
    runs: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        runs[one.row.index].append(one)
    questions = [some[0].row for some in runs.values()]

    def over_questions(
        value: Callable[[Judged], float], weight: Callable[[Judged], float], most: float = 1.0
    ) -> Metric:
        tops = [sum(value(one) * weight(one) for one in some) for some in runs.values()]
        return ratio(tops, [sum(weight(one) for one in some) for some in runs.values()], seed, most=most)

    forecasts = not isinstance(rows[0].truth, str)
    most = math.inf if forecasts else 1.0  # a share is at most all
    kind = "mae" if forecasts else "acc"
    metrics = {
        "success": over_questions(lambda one: float(one.valid), lambda one: 1.0),
        kind: over_questions(lambda one: one.value, lambda one: float(one.valid), most),
        f"{kind}_all": over_questions(lambda one: one.value, lambda one: 1.0, most),
    }
    if forecasts:
        metrics |= _forecast_extras(questions, judged)
    beside = _forecast_baselines(questions) if forecasts else choice_baselines(questions)
    # A baseline always answers: both metrics are one.
    baselines = {name: {kind: Metric(value), f"{kind}_all": Metric(value)} for name, value in beside.items()}
    values = [float(np.mean([one.value for one in some])) for some in runs.values()]
    solved = _errors_by_question(questions) if forecasts else right_by_question(questions)
    return Group(
        f"{kind}_all",
        metrics,
        baselines,
        questions=len(questions),
        answers=len(judged),
        failed=sum(not one.valid for one in judged),
        differences=to_best_baseline(f"{kind}_all", baselines, values, solved, seed),
        by_question=ByQuestion([str(index) for index in runs], list(range(len(runs))), values),
    )


def _forecast_baselines(rows: Sequence[Row]) -> dict[str, float]:
    found = {name: float(np.mean(errors)) for name, errors in _errors_by_question(rows).items()}
    floors = [row.info.get("floor_mae") for row in rows]
    if None not in floors:
        found["noise_floor"] = float(np.mean(floors))  # type: ignore[arg-type]
    return found


def _errors_by_question(rows: Sequence[Row]) -> dict[str, list[float]]:
    """The mean absolute error of each solver on each question."""
    stored: Sequence[Mapping[str, Any]] = [row.info.get("shortcuts", {}) for row in rows]
    names = [name for name in stored[0] if all(name in one for one in stored)]
    return {name: [mae(one[name], row.truth) for one, row in zip(stored, rows, strict=True)] for name in names}


def _forecast_extras(questions: Sequence[Row], judged: Sequence[Judged]) -> dict[str, Metric]:
    """Whether forecasts are more than what needs no reasoning.

    Returns:
        ``copied``: the share of the valid answers that repeat a day of the history, whichever. ``skill``: the share
        that all answers reach of the gap between the best shortcut's error and the noise floor (1 at the floor, 0 at
        the shortcut). A shortcut is a solver that the build reports, but for the oracle, or the copy of a shown day;
        the best is the one with the smallest error over all questions.
    """
    days = {row.index: _days(row) for row in questions}
    shown = [one for one in judged if one.valid and days[one.row.index]]
    copied = [any(np.allclose(one.answer.value, day) for day in days[one.row.index]) for one in shown]
    extras = {"copied": Metric(float(np.mean(copied)) if copied else None)}
    shortcuts = [_shortcut_errors(row, days[row.index]) for row in questions]
    floors = {row.index: row.info["floor_mae"] for row in questions if "floor_mae" in row.info}
    names = set.intersection(*(set(one) for one in shortcuts))
    if not names or len(floors) < len(questions):
        return extras
    best = min(sorted(names), key=lambda name: sum(one[name] for one in shortcuts))
    zeros = {row.index: one[best] for row, one in zip(questions, shortcuts, strict=True)}
    gaps = sum(zeros[one.row.index] - floors[one.row.index] for one in judged)
    gains = sum(zeros[one.row.index] - one.value for one in judged)
    return extras | {"skill": Metric(gains / gaps if gaps > 0 else None)}


def _shortcut_errors(row: Row, days: Sequence[np.ndarray]) -> dict[str, float]:
    """The error of each solver that does not reason: those of the build, and the copies of the shown days."""
    stored = {name: answer for name, answer in row.info.get("shortcuts", {}).items() if name != "oracle"}
    copies = {f"day {place} from the end": day for place, day in enumerate(days, 1)}
    return {name: mae(answer, row.truth) for name, answer in {**stored, **copies}.items()}


def _days(row: Row) -> list[np.ndarray]:
    """The whole days of the history, each as long as the forecast, the latest first."""
    history, horizon = np.asarray(row.info.get("history", ()), dtype=np.float64), len(row.truth)
    starts = range(len(history) - horizon, -1, -horizon)
    return [history[start : start + horizon] for start in starts]
