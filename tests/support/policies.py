"""Forecasts from the history alone, good and bad ones: what a reward has to rank by their errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.tasks.forecast.baselines import daily_profile, last_day, last_value, window_mean

Floats = NDArray[np.float64]


def forecasts(history: Floats, horizon: int, period: int, week: int, noise: Floats) -> dict[str, Floats]:
    """Name -> (horizon,) values.

    Args:
        week: steps in the longer season; a history that is shorter is repeated whole.
        noise: (horizon,) standard normal numbers.
    """
    spread, steps = history.std(), np.arange(1, horizon + 1)
    value, day = last_value(history, horizon, period), last_day(history, horizon, period)
    mean, profile = window_mean(history, horizon, period), daily_profile(history, horizon, period)
    drift = value + steps * (history[-1] - history[0]) / max(len(history) - 1, 1)
    line = np.polyfit(np.arange(len(history)), history, 1)
    plain = {
        "last value": value,
        "last day": day,
        "last week": last_day(history, horizon, week),
        "window mean": mean,
        "mean of the last quarter": np.full(horizon, history[-max(2, len(history) // 4) :].mean()),
        "profile": profile,
        "profile from the last value": profile + history[-1] - profile[-1],
        "drift": drift,
        "line": np.polyval(line, len(history) - 1 + steps),
        "half of the drift": (value + drift) / 2,
        "last day and last value": (day + value) / 2,
        "last day shrunk to the mean": (day + mean) / 2,
        "last value shrunk to the mean": (value + mean) / 2,
        "profile and last value": (profile + value) / 2,
    }
    noisy = {
        f"{name} with noise of {size}": plain[name] + size * spread * noise
        for name in ("last value", "last day", "profile")
        for size in (0.25, 0.5, 1.0)
    }
    moved = {
        f"{name} moved by {size}": plain[name] + size * spread
        for name in ("last value", "last day", "window mean")
        for size in (-1.0, -0.5, 0.5, 1.0)
    }
    return plain | noisy | moved
