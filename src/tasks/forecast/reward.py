"""The plain reward of a forecast: its error beside that of the seasonal naive forecast."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from src.tasks.forecast.answer import ForecastAnswer
from src.tasks.forecast.baselines import last_day
from src.tasks.forecast.metrics import mse
from src.tasks.forecast.series import floats

FORMAT = 0.1


def plain_reward(answer: ForecastAnswer, truth: Any, info: Mapping[str, Any]) -> dict[str, float]:
    """Score one answer.

    With e the mean squared error of the answer and e0 that of ``last_day`` from the same history::

        score = format + accuracy;  format = 0.1 where the response is well formed;  accuracy = 1 / (1 + e / e0)

    So the naive forecast gets 0.5, a perfect one 1, and an answer that is not exactly the wanted values 0: nothing that
    games the format comes near the naive forecast.

    Args:
        truth: the true values in original units.
        info: ``history`` and ``period``; without a usable history e0 is the truth's variance.
    """
    terms = {"format": FORMAT * answer.well_formed, "accuracy": 0.0}
    values = floats(truth)
    valid = answer.problem is None and values is not None and len(answer.values) == len(values)
    if valid and values is not None:
        history = floats(info.get("history"))
        period = max(1, int(info.get("period") or 1))
        naive = values.mean() + 0 * values if history is None else last_day(history, len(values), period)
        terms["accuracy"] = _share(mse(answer.values, values), mse(naive, values))
    return {"score": sum(terms.values()), **terms, "valid": float(valid)}


def _share(error: float, naive: float) -> float:
    if not math.isfinite(error):
        return 0.0
    return naive / (naive + error) if naive + error > 0 else 1.0
