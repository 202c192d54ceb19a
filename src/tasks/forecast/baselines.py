"""Trivial forecasts that a trained model has to beat, from the history alone.

The four of Time-R1's field notes: last value, last day (seasonal naive), window mean and mean daily profile; and the
last week, where the history holds one. ``period`` is the number of steps in one season: 24 for hourly data, 48
half-hourly, 96 quarter-hourly.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def last_value(history: Floats, horizon: int, period: int) -> Floats:
    """Repeat the last observed value (``period`` is not used)."""
    return np.full(horizon, history[-1])


def last_day(history: Floats, horizon: int, period: int) -> Floats:
    """Repeat the last season (seasonal naive); a history shorter than one season is repeated whole."""
    return np.resize(history[-period:], horizon)


def window_mean(history: Floats, horizon: int, period: int) -> Floats:
    """Repeat the mean of the history (``period`` is not used)."""
    return np.full(horizon, history.mean())


def daily_profile(history: Floats, horizon: int, period: int) -> Floats:
    """Repeat the mean season: position by position over the whole seasons that end the history.

    The oldest values that do not fill a season are left out, so that every position averages as many values.
    """
    season = min(period, len(history))
    whole = len(history) // season * season
    return np.resize(history[-whole:].reshape(-1, season).mean(axis=0), horizon)


BASELINES: dict[str, Callable[[Floats, int, int], Floats]] = {
    "last_value": last_value,
    "last_day": last_day,
    "window_mean": window_mean,
    "daily_profile": daily_profile,
}


def baseline_forecasts(
    history: Sequence[float] | Floats, horizon: int, period: int, week: int | None = None
) -> dict[str, Floats]:
    """Return every baseline's forecast of the ``horizon`` steps after ``history``.

    Args:
        history: (L,) values in original units, oldest first, as the prompt showed them.
        week: steps in a week, a second season; None: the series has none.

    Returns:
        Name -> (horizon,) values; ``last_week`` only where the history is that long.

    Raises:
        ValueError: for an empty or non-finite history, or a horizon or period below 1.
    """
    values = np.asarray(history, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("history must be a non-empty list of finite numbers")
    if horizon < 1 or period < 1:
        raise ValueError(f"horizon and period must be at least 1, got {horizon} and {period}")
    found = {name: forecast(values, horizon, period) for name, forecast in BASELINES.items()}
    if week is not None and period < week <= len(values):
        found["last_week"] = last_day(values, horizon, week)
    return found
