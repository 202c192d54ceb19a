"""A run's final scores: the last held-out value of each metric, and the scores on the test split."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_LOWER = re.compile(r"(?:^|[/_])(?:mse|mae|rmse|mape|smape|mase|wape|loss|error|fail_frac|perplexity|kl)(?:$|[/_])")


def lower_is_better(metric: str) -> bool:
    """Whether less of a metric is better, by its name: errors, losses and failures.

    More is better of all else, and of every reward: the term ``reward/mse/mean`` is earned by small errors.
    """
    return "reward" not in metric.split("/") and bool(_LOWER.search(metric))


def held_out_scores(last: Mapping[str, float], evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The scores that a run ended at.

    Args:
        last: the last finite value of each metric of the record.
        evaluation: what ``evaluation.json`` holds: stage -> of a forecaster ``dataset``, ``model`` (name -> value), of
            other questions ``groups`` (name -> ``metrics``); the last stage's model is the run's.

    Returns:
        ``val/<dataset>/<name>`` and ``test/<dataset>/<name>``, without baselines and SFT's ``val/loss``.
    """
    scores = {name: value for name, value in last.items() if name.startswith("val/") and name.count("/") == 2}
    for result in list(evaluation.values())[-1:]:
        if isinstance(result, Mapping):
            scores |= {name: float(value) for name, value in _on_test_split(result) if _is_number(value)}
    return scores


def _on_test_split(result: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names and values of one stage's evaluation."""
    model, groups = result.get("model"), result.get("groups")
    if isinstance(model, Mapping):
        for name, value in model.items():
            if not name.startswith("windows"):
                yield f"test/{result.get('dataset', 'data')}/{name}", value
    for group, one in groups.items() if isinstance(groups, Mapping) else ():
        for name, metric in one["metrics"].items():
            yield f"test/{group}/{name}", metric["value"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
