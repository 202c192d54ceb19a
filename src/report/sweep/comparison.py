"""Any two settings of a sweep against each other, by the seeds and by the held-out questions that they share."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from src.record.samples import Sample
from src.report.sweep.results import Results, Setting
from src.report.sweep.statistics import Paired, holm, paired_bootstrap, smallest_p

ALPHA = 0.05
Questions = dict[tuple[Any, ...], float]


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
    """Every two settings that have a result, the better one first."""
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
    return paired_bootstrap([ours[seed] - theirs[seed] for seed in common]) if common else None


def _questions(questions: dict[str, dict[str, Questions]], first: Setting, second: Setting) -> Paired | None:
    """Over questions; one's difference is the mean over the common seeds that have answered it in both settings."""
    ours, theirs = questions[first.label], questions[second.label]
    differences: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for seed in ours:
        for question in ours[seed].keys() & theirs.get(seed, {}).keys():
            differences[question].append(ours[seed][question] - theirs[seed][question])
    if len(differences) < 2:
        return None
    return paired_bootstrap([float(np.mean(differences[question])) for question in sorted(differences, key=repr)])


def question_scores(setting: Setting, metric: str) -> dict[str, Questions]:
    """Seed -> question -> score of the answers to it, from the last validation's samples.

    A question is known by its dataset and its ``index``. The score is the reward, or what the task recorded of each
    answer under the metric's name (``Sample.metrics``): there is none for a metric that is no mean over answers, nor in
    runs of before answers had them.
    """
    kind = metric.rpartition("/")[2]
    if not metric.startswith("val/"):
        return {}
    scores: dict[str, Questions] = {}
    for one in setting.cells:
        if one.run is None or one.cell.state != "done":
            continue
        answers: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        for row in one.run.last_held_out():
            value = _score(row, kind)
            if row.index is not None and math.isfinite(value):
                answers[(row.dataset, row.channel, row.index)].append(value)
        if answers:
            scores[one.seed] = {question: float(np.mean(values)) for question, values in answers.items()}
    return scores


def _score(row: Sample, kind: str) -> float:
    value = row.score if kind == "reward" else row.metrics.get(kind)
    return float(value) if isinstance(value, int | float) else math.nan
