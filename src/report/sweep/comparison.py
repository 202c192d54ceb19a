"""Any two settings of a sweep against each other, by the seeds and by the held-out windows that they share."""

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
# The scores of a single answer: by the last part of a metric's name.
_PER_ANSWER = ("reward", "mse", "mae")
Windows = dict[tuple[Any, ...], float]


@dataclass(frozen=True)
class Pair:
    """``first`` minus ``second``: over common seeds, and over common windows; None where they share none.

    Args:
        p_seeds, p_windows: corrected (Holm) for the number of pairs that the sweep has.
    """

    first: str
    second: str
    seeds: Paired | None
    windows: Paired | None
    p_seeds: float = math.nan
    p_windows: float = math.nan


def compare_all(results: Results) -> list[Pair]:
    """Every two settings that have a result, the better one first."""
    ranked = [one for one in results.ranked if math.isfinite(one.mean(results.metric).value)]
    windows = {one.label: window_scores(one, results.metric) for one in ranked}
    pairs = [
        Pair(first.label, second.label, _seeds(first, second, results.metric), _windows(windows, first, second))
        for first, second in combinations(ranked, 2)
    ]
    seeds = holm([pair.seeds.p if pair.seeds else math.nan for pair in pairs])
    over_windows = holm([pair.windows.p if pair.windows else math.nan for pair in pairs])
    return [replace(pair, p_seeds=s, p_windows=w) for pair, s, w in zip(pairs, seeds, over_windows, strict=True)]


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


def _windows(windows: dict[str, dict[str, Windows]], first: Setting, second: Setting) -> Paired | None:
    """Over windows; a window's difference is the mean over the common seeds that have answered it in both settings."""
    ours, theirs = windows[first.label], windows[second.label]
    differences: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for seed in ours:
        for window in ours[seed].keys() & theirs.get(seed, {}).keys():
            differences[window].append(ours[seed][window] - theirs[seed][window])
    if len(differences) < 2:
        return None
    return paired_bootstrap([float(np.mean(differences[window])) for window in sorted(differences, key=repr)])


def window_scores(setting: Setting, metric: str) -> dict[str, Windows]:
    """Seed -> window -> score of the answers to it, from the last validation's samples.

    A window is known by its dataset and its ``index``. Empty for a metric that is no mean over answers. Errors are of
    answered windows only.
    """
    kind = metric.rpartition("/")[2]
    if not metric.startswith("val/") or kind not in _PER_ANSWER:
        return {}
    scores: dict[str, Windows] = {}
    for one in setting.cells:
        if one.run is None or one.cell.state != "done":
            continue
        answers: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        for row in one.run.last_held_out():
            value = _score(row, kind)
            if row.index is not None and math.isfinite(value):
                answers[(row.dataset, row.channel, row.index)].append(value)
        if answers:
            scores[one.seed] = {window: float(np.mean(values)) for window, values in answers.items()}
    return scores


def _score(row: Sample, kind: str) -> float:
    if kind == "reward":
        return float(row.score) if isinstance(row.score, int | float) else math.nan
    truth, forecast = row.ground_truth, row.prediction
    if not isinstance(truth, list) or not isinstance(forecast, list) or len(truth) != len(forecast):
        return math.nan
    try:
        gaps = np.asarray(forecast, dtype=np.float64) - np.asarray(truth, dtype=np.float64)
    except (TypeError, ValueError):
        return math.nan
    return float(np.mean(gaps**2 if kind == "mse" else np.abs(gaps)))
