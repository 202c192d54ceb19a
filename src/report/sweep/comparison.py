"""Any two settings of a sweep against each other, by the seeds and by the held-out questions that they share."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Any

import numpy as np

from src.record.samples import Sample
from src.report.sweep.results import Results, Setting
from src.report.sweep.statistics import Paired, holm, paired_questions, paired_seeds, smallest_p
from src.runs import RecordedRun

ALPHA = 0.05
Question = tuple[Any, ...]


@dataclass(frozen=True)
class Answered:
    """The score of the answers to one held-out question, and the independent item that it belongs to."""

    score: float
    item: Hashable


Questions = dict[Question, Answered]


@dataclass(frozen=True)
class Pair:
    """``first`` minus ``second``: over common seeds, and over common questions; None where they share none.

    Args:
        p_seeds, p_questions: corrected (Holm) for the number of pairs that the sweep has.
    """

    first: str
    second: str
    seeds: Paired | None
    questions: Paired | None
    p_seeds: float = math.nan
    p_questions: float = math.nan


def compare_all(results: Results) -> list[Pair]:
    """Every two settings that have a result, the better one first; none where settings have no order."""
    if results.refusal:
        return []
    ranked = [one for one in results.ranked if math.isfinite(one.mean(results.metric).value)]
    questions = {one.label: question_scores(one, results.metric) for one in ranked}
    pairs = [
        Pair(first.label, second.label, _seeds(first, second, results.metric), _questions(questions, first, second))
        for first, second in combinations(ranked, 2)
    ]
    seeds = holm([pair.seeds.p if pair.seeds else math.nan for pair in pairs])
    over_questions = holm([pair.questions.p if pair.questions else math.nan for pair in pairs])
    return [replace(pair, p_seeds=s, p_questions=w) for pair, s, w in zip(pairs, seeds, over_questions, strict=True)]


def verdict(pair: Pair, lower: bool) -> str:
    """What the seeds say, in words; they alone tell whether another training would come out the same way."""
    paired = pair.seeds
    if paired is None or paired.n < 2:
        return "cannot be told: fewer than two common seeds"
    if pair.p_seeds <= ALPHA:
        first_is_better = (paired.difference < 0) == lower
        return f"{pair.first if first_is_better else pair.second} is better"
    if smallest_p(paired.n) > ALPHA:
        return f"cannot be told: {paired.n} seeds, {seeds_needed()} are needed"
    return "not certain"


def seeds_needed() -> int:
    """The fewest common seeds with which the sign-flip test can find a difference."""
    return next(n for n in range(1, 64) if smallest_p(n) <= ALPHA)


def _seeds(first: Setting, second: Setting, metric: str) -> Paired | None:
    ours, theirs = first.by_seed(metric), second.by_seed(metric)
    common = [seed for seed in ours if seed in theirs]
    return paired_seeds([ours[seed] - theirs[seed] for seed in common]) if common else None


def _questions(questions: dict[str, dict[str, Questions]], first: Setting, second: Setting) -> Paired | None:
    """Over questions; one's difference is the mean over the common seeds that have answered it in both settings."""
    ours, theirs = questions[first.label], questions[second.label]
    differences: dict[Question, list[float]] = defaultdict(list)
    items: dict[Question, Hashable] = {}
    for seed in ours:
        for question in ours[seed].keys() & theirs.get(seed, {}).keys():
            one = ours[seed][question]
            differences[question].append(one.score - theirs[seed][question].score)
            items[question] = one.item
    if len(differences) < 2:
        return None
    order = sorted(differences, key=repr)
    return paired_questions([float(np.mean(differences[one])) for one in order], [items[one] for one in order])


def question_scores(setting: Setting, metric: str) -> dict[str, Questions]:
    """Seed -> question -> score of the answers to it: the last validation's, or those of the test split.

    A validation's question is known by its dataset, channel and ``index``. The score is the reward, or what the task
    recorded of each answer under the metric's name (``Sample.metrics``): there is none for a metric that is no mean
    over answers, nor in runs of before answers had them. Of the test split there is the task's leading metric.
    """
    split, _, rest = metric.partition("/")
    group, _, kind = rest.rpartition("/")
    of_split = {"val": _validated, "test": _tested}.get(split)
    runs = [one for one in setting.cells if one.run is not None and one.cell.state == "done"]
    if of_split is None:
        return {}
    scores = {one.seed: of_split(one.run, group, kind) for one in runs if one.run is not None}
    return {seed: questions for seed, questions in scores.items() if questions}


def _validated(run: RecordedRun, group: str, kind: str) -> Questions:
    answers: dict[Question, list[float]] = defaultdict(list)
    items: dict[Question, Hashable] = {}
    for row in run.last_held_out():
        value = _score(row, kind)
        if row.index is not None and math.isfinite(value) and fnmatchcase(row.dataset, group):
            question = (row.dataset, row.channel, row.index)
            answers[question].append(value)
            items[question] = _item(row, question)
    return {question: Answered(float(np.mean(values)), items[question]) for question, values in answers.items()}


def _item(row: Sample, question: Question) -> Hashable:
    """The item of a question; in older records those of one dataset's windows are unknown, and so count as one."""
    if row.item is not None:
        return (row.dataset, row.item)
    return question if row.channel is None else row.dataset


def _tested(run: RecordedRun, group: str, kind: str) -> Questions:
    result = list(run.evaluation.values())[-1] if run.evaluation else {"groups": {}}
    found: Questions = {}
    for name, one in result["groups"].items():
        if fnmatchcase(name, group) and one["lead"] == kind and (known := one["by_question"]):
            for question, item, value in zip(known["ids"], known["items"], known["values"], strict=True):
                if value is not None:
                    found[name, question] = Answered(float(value), (name, item))
    return found


def _score(row: Sample, kind: str) -> float:
    value = row.score if kind == "reward" else row.metrics.get(kind)
    return float(value) if isinstance(value, int | float) else math.nan
