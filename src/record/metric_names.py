"""What the name of a metric or a baseline says: which way is better, how it reads, which names a pattern means."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable, Mapping

_LOWER = re.compile(r"(?:^|[/_])(?:mse|mae|rmse|mape|smape|mase|wape|loss|error|fail_frac|perplexity|kl)(?:$|[/_])")
_ABBREVIATIONS = frozenset({"mse", "mae", "rmse", "mape", "smape", "mase", "wape"})
_BOUND = re.compile(r"oracle|noise_floor")
_APART = frozenset({"reward", "fail_frac"})  # of every kind of answer, and not what it is judged by


def lower_is_better(metric: str) -> bool:
    """Whether less of a metric is better, by its name: errors, losses and failures.

    More is better of all else, and of every reward: the term ``reward/mse/mean`` is earned by small errors.
    """
    return not is_reward(metric) and bool(_LOWER.search(metric))


def better(metric: str, value: float, other: float) -> bool:
    """Whether a value of a metric is better than another one; a NaN, such as of a model without answers, never is."""
    return value < other if lower_is_better(metric) else value > other


def is_reward(metric: str) -> bool:
    """Whether a metric's unit is the reward's: the reward itself, or a term of it."""
    return "reward" in metric.split("/")


def metric_words(metric: str) -> str:
    """The name of a held-out metric in words; errors are abbreviations.

    >>> metric_words("mae_all")
    'MAE all'
    """
    return " ".join(word.upper() if word in _ABBREVIATIONS else word for word in metric.split("_"))


def is_bound(baseline: str) -> bool:
    """Whether a baseline, by its name, is a bound that no honest answer is expected to beat."""
    return bool(_BOUND.match(baseline))


def ranked(metrics: Iterable[str], baselines: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The metrics of held-out answers in the order of their weight: those of the baselines, then the others.

    The first one leads: a task gives it first (``src.tasks.scores.Scores.held_out``), and to every baseline.

    Args:
        metrics: of the model, in the order of the record.
        baselines: name -> metric -> value, in the order of the record.
    """
    compared = [metric for values in baselines.values() for metric in values]
    return [metric for metric in dict.fromkeys([*compared, *metrics]) if metric not in _APART] or ["reward"]


def best_baseline(baselines: Mapping[str, Mapping[str, float]], metric: str) -> str | None:
    """The baseline that is best by a metric; bounds are none, and None is returned where no other has a value."""
    values = {
        name: values[metric]
        for name, values in baselines.items()
        if not is_bound(name) and math.isfinite(values.get(metric, math.nan))
    }
    return (min if lower_is_better(metric) else max)(values, key=values.__getitem__) if values else None


def select(scores: Mapping[str, float], pattern: str) -> float:
    """The mean of the scores that ``pattern`` fits; NaN where none does.

    >>> select({"val/etth1/mse": 2.0, "val/etth2/mse": 4.0}, "val/*/mse")
    3.0
    """
    # A star stands for one segment: val/*/mse must not take in val/etth1/baseline/last_day/mse.
    depth = pattern.count("/")
    found = [
        value
        for name, value in scores.items()
        if name.count("/") == depth and fnmatch.fnmatchcase(name, pattern) and math.isfinite(value)
    ]
    return sum(found) / len(found) if found else math.nan
