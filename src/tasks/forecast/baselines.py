"""Trivial forecasts that a trained model has to beat, from the history alone.

The last value and the mean of the window; and for every season that the history holds, named by what it is: the last
one repeated (the seasonal naive forecast) and the mean one. Of hourly data these are Time-R1's last day and mean daily
profile, and the last week where the prompt shows one; of monthly data the last year.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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


# Those that know no season.
BASELINES: dict[str, Callable[[Floats, int, int], Floats]] = {"last_value": last_value, "window_mean": window_mean}
_ADJECTIVES = {"day": "daily", "week": "weekly", "year": "yearly"}


def seasons_of(info: Mapping[str, Any]) -> dict[str, int]:
    """The seasons that a row knows, what each is called -> its steps; a row with a ``period`` alone has a ``season``.

    The first one is the one that errors are scaled by.
    """
    if (given := info.get("seasons")) is not None:
        return {str(name): int(steps) for name, steps in given.items()}
    period = int(info.get("period") or 1)
    return {"season": period} if period > 1 else {}


def baseline_forecasts(
    history: Sequence[float] | Floats, horizon: int, seasons: Mapping[str, int] | None = None
) -> dict[str, Floats]:
    """Return every baseline's forecast of the ``horizon`` steps after ``history``.

    Args:
        history: (L,) values in original units, oldest first, as the prompt showed them.
        seasons: what each is called -> its steps: ``{"day": 24, "week": 168}``.

    Returns:
        Name -> (horizon,) values. ``last_day`` where the history holds a day, ``daily_profile`` where it holds two: the
        mean of one is the last one.

    Raises:
        ValueError: for an empty or non-finite history, or a horizon or season below 1.
    """
    values = np.asarray(history, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("history must be a non-empty list of finite numbers")
    seasons = seasons or {}
    if horizon < 1 or min(seasons.values(), default=1) < 1:
        raise ValueError(f"horizon and seasons must be at least 1, got {horizon} and {dict(seasons)}")
    found = {name: forecast(values, horizon, 1) for name, forecast in BASELINES.items()}
    for season, steps in seasons.items():
        if steps <= len(values):
            found[f"last_{season}"] = last_day(values, horizon, steps)
        if 2 * steps <= len(values):
            found[f"{_ADJECTIVES.get(season, season)}_profile"] = daily_profile(values, horizon, steps)
    return found
