"""Forecasting methods that a trace can state and carry out: what SFT teaches, and RL has to choose from.

Each copies from the shown history; a model of a million weights learns that much.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_pipelines.lines import ago, season_of
from data_pipelines.sample import ForecastSample
from src.errors import DataError

Floats = NDArray[np.float64]

_LAGS = (1, 7)  # seasons to look back: a day and a week, where the season is a day


def lag_forecasts(history: Floats, horizon: int, period: int) -> dict[int, Floats]:
    """Forecasts by method: 0 keeps the last value, n repeats what was n seasons ago (as far as it is shown).

    Args:
        history: (L,) values.
        period: steps of a season.

    Returns:
        (H,) values by method.
    """
    found = {0: np.full(horizon, history[-1])}
    for seasons in _LAGS:
        if len(history) >= seasons * period:
            found[seasons] = np.resize(history[len(history) - seasons * period :], horizon)
    return found


def drawn_method(sample: ForecastSample, timestamps: str) -> tuple[str, Floats]:
    """One of the methods, drawn from what is shown, with its forecast.

    A season is called as its line in the prompt is (``seasons``), and its values follow: to copy, a small model finds
    the words that it has just written and goes on as they did. It says nothing else: what a trace copies for every
    method stands in the way of copying the line that this one names.

    Args:
        timestamps: as in the prompt, which without them does not tell what a season is.

    Returns:
        The reasoning, and the forecast that it leads to, (H,) values.

    Raises:
        DataError: the history is shorter than a season.
    """
    history, period = np.asarray(sample.history), sample.period
    lags = lag_forecasts(history, len(sample.target), period)
    if len(lags) == 1:
        raise DataError(
            f"dataset.traces.style=methods needs a history of a season ({period} steps), not {len(history)}: raise "
            "dataset.context_length, or set the style to short"
        )

    def written(values: Floats) -> str:
        return " ".join(map(sample.format, values))

    season = season_of(sample) if timestamps != "none" else "season"
    methods = {f"as {ago(n, season)}" if n else "keep the last value": forecast for n, forecast in lags.items()}
    name = f"{sample.dataset} {sample.channel} {sample.history_labels[0]} {sample.history}"
    draw = hashlib.blake2b(name.encode(), digest_size=8)
    chosen = list(methods)[int.from_bytes(draw.digest()) % len(methods)]
    return f"Method: {chosen}: {written(methods[chosen])}.", methods[chosen]


_STATED = re.compile(r"Method: (.+?)(?=:|\.(?:\s|<|$))")


def stated_methods(responses: Sequence[str]) -> str:
    """The share of each method that responses state, the most frequent first."""
    stated = [_STATED.search(response) for response in responses]
    names = Counter(found[1] if found else "none" for found in stated)
    return "stated methods: " + ", ".join(f"{name} {count / len(responses):.0%}" for name, count in names.most_common())
