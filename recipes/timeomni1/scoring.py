"""The held-out scorer: success rate, the metric on valid answers and on all, beside trivial solvers.

Groups are ``data_source`` values: a task, in or out of distribution. Of an answer that is not valid (recipes.timeomni1.
reward says when), a choice counts as wrong and a forecast as one of zeros, whose error is the mean size of the truth:
the paper's metric on valid answers rewards a model for not answering.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.timeomni1.answer import read_numbers
from recipes.timeomni1.truth import Truth, read_truth
from src.evaluation.questions import Group, ratio
from src.tasks.choice.answer import letters, read_body, read_choice
from src.tasks.forecast.held_out import Scored
from src.tasks.forecast.metrics import mae

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """One answer against its truth. answer: letter or values, None where it is neither. valid: there is an answer.

    value: 1 for the right letter; of a forecast, its MAE, and that of zeros where it is not valid.
    """

    question: int
    answer: Truth | None
    valid: bool
    value: float


def score(rows: Sequence[Row], responses: Sequence[str]) -> Scored:
    """Score held-out answers during training (``evaluation.scorer``); see ``src.tasks.forecast.held_out.score``.

    Returns ``val/<source>/acc`` or ``/mae`` (on valid answers), ``/acc_all`` or ``/mae_all``, ``/fail_frac``, and the
    same of the baselines.
    """
    metrics: dict[str, float] = {}
    for source, places in _by_source(rows).items():
        group = _group([rows[place] for place in places], [responses[place] for place in places], seed=0)
        kind = "mae" if "mae_all" in group.metrics else "acc"
        for name in (kind, f"{kind}_all"):
            value = group.metrics[name][0]
            if value is not None:
                metrics[f"val/{source}/{name}"] = value
        metrics[f"val/{source}/fail_frac"] = group.failed / group.answers
        metrics |= {
            f"val/{source}/baseline/{name}/{kind}": values[f"{kind}_all"] for name, values in group.baselines.items()
        }
    predictions = [read_answer(row, response).answer for row, response in zip(rows, responses, strict=True)]
    return Scored(metrics, [list(one) if isinstance(one, tuple) else one for one in predictions])


def evaluate(rows: Sequence[Row], responses: Sequence[str], seed: int = 0) -> dict[str, Group]:
    """Score any number of answers to each question, by group, with bootstrap intervals over questions."""
    return {
        source: _group([rows[place] for place in places], [responses[place] for place in places], seed)
        for source, places in _by_source(rows).items()
    }


def read_answer(row: Row, response: str) -> Judged:
    """Read one response by the grammar that training uses, and compare it with the row's truth."""
    info, truth = row["extra_info"], read_truth(_truth(row))
    body = read_body(response)
    if isinstance(truth, tuple):
        values = read_numbers(body.text, len(truth))
        if values is None or len(values) != len(truth):
            return Judged(info["index"], None, False, float(np.mean(np.abs(truth))))
        return Judged(info["index"], values, True, mae(values, truth))
    letter = read_choice(body.text, letters(info.get("options") or 4))
    return Judged(info["index"], letter, bool(body.text), float(letter is not None and letter == truth))


def _truth(row: Row) -> Any:
    """The recorder hands out rows with the truth beside; files have it in ``reward_model``."""
    return row["ground_truth"] if "ground_truth" in row else row["reward_model"]["ground_truth"]


def _by_source(rows: Sequence[Row]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[row["data_source"]].append(place)
    return places


def _group(rows: Sequence[Row], responses: Sequence[str], seed: int) -> Group:
    answers = [read_answer(row, response) for row, response in zip(rows, responses, strict=True)]
    questions = list(dict.fromkeys(answer.question for answer in answers))
    first = {row["extra_info"]["index"]: row for row in reversed(rows)}
    runs: dict[int, list[Judged]] = defaultdict(list)
    for answer in answers:
        runs[answer.question].append(answer)

    def over_questions(value: Any, weight: Any) -> tuple[float | None, list[float] | None]:
        tops = [sum(value(one) * weight(one) for one in runs[question]) for question in questions]
        return ratio(tops, [sum(weight(one) for one in runs[question]) for question in questions], seed)

    forecasts = isinstance(read_truth(_truth(rows[0])), tuple)
    kind = "mae" if forecasts else "acc"
    metrics = {
        "success": over_questions(lambda one: float(one.valid), lambda one: 1.0),
        kind: over_questions(lambda one: one.value, lambda one: float(one.valid)),
        f"{kind}_all": over_questions(lambda one: one.value, lambda one: 1.0),
    }
    asked = [first[question] for question in questions]
    if forecasts:
        metrics |= _forecast_extras(asked, answers, first)
    baselines = _forecast_baselines(asked) if forecasts else _choice_baselines(asked)
    failed = sum(not answer.valid for answer in answers)
    return Group(metrics, baselines, len(questions), len(answers), failed)


def _choice_baselines(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    truths = [read_truth(_truth(row)) for row in rows]
    found = {
        "majority": max(Counter(truths).values()) / len(truths),
        "random": float(np.mean([1 / (row["extra_info"].get("options") or 4) for row in rows])),
    }
    for name, answers in _shortcuts(rows).items():
        pairs = zip(answers, truths, strict=True)
        found[name] = float(np.mean([answer == truth for answer, truth in pairs]))
    return {name: {"acc_all": value} for name, value in found.items()}


def _forecast_baselines(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    found = {}
    for name, answers in _shortcuts(rows).items():
        errors = [mae(answer, read_truth(_truth(row))) for answer, row in zip(answers, rows, strict=True)]  # type: ignore[arg-type]
        found[name] = {"mae_all": float(np.mean(errors))}
    floors = [row["extra_info"].get("floor_mae") for row in rows]
    if None not in floors:
        found["noise_floor"] = {"mae_all": float(np.mean(floors))}
    return found


def _shortcuts(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The stored answers of the solvers that every row of the group has; ``oracle`` is one of them."""
    stored = [json.loads(row["extra_info"].get("shortcuts") or "{}") for row in rows]
    names = [name for name in stored[0] if all(name in one for one in stored)]
    return {name: [one[name] for one in stored] for name in names}


def _forecast_extras(
    rows: Sequence[Row], answers: Sequence[Judged], first: Mapping[int, Row]
) -> dict[str, tuple[float | None, None]]:
    """copied: share of the valid answers that repeat the end of the history. skill: the share that the answers reach

    of the gap between that copy's error and the noise floor (1 at the floor, 0 at the copy), over all answers.
    """
    copies = {row["extra_info"]["index"]: _last_values(row) for row in rows}
    valid = [one for one in answers if one.valid]
    copied = [np.allclose(one.answer, copies[one.question]) for one in valid if copies[one.question] is not None]  # type: ignore[arg-type]
    extras: dict[str, tuple[float | None, None]] = {"copied": (float(np.mean(copied)) if copied else None, None)}
    gaps = gains = 0.0
    for one in answers:
        copy, floor = copies[one.question], first[one.question]["extra_info"].get("floor_mae")
        if copy is None or floor is None:
            return extras
        error = mae(copy, read_truth(_truth(first[one.question])))  # type: ignore[arg-type]
        gaps, gains = gaps + error - floor, gains + error - one.value
    return extras | {"skill": (gains / gaps if gaps > 0 else None, None)}


def _last_values(row: Row) -> np.ndarray | None:
    history, truth = row["extra_info"].get("history"), read_truth(_truth(row))
    if history is None or not isinstance(truth, tuple) or len(history) < len(truth):
        return None
    return np.asarray(history, dtype=np.float64)[-len(truth) :]
