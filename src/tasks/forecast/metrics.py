"""Forecast errors in original units, per channel and pooled, with failures counted.

A window may be forecast several times (runs). Its error is the mean over its runs that gave an answer, never
the best of them: choosing by the truth is not evaluation. Failed answers carry no error and are counted in
``fail_frac``, which has to be read beside MSE and MAE.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = Sequence[float] | NDArray[np.float64]


def _pair(prediction: Values, truth: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = np.asarray(prediction, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"prediction and truth must be lists of one length, got {a.shape} and {b.shape}")
    return a, b


def mse(prediction: Values, truth: Values) -> float:
    """Mean squared error of two (H,) series, in original units squared; ValueError if lengths differ."""
    a, b = _pair(prediction, truth)
    with np.errstate(over="ignore"):  # an overflow gives inf, which ``summarise`` counts as failed
        return float(np.mean((a - b) ** 2))


def mae(prediction: Values, truth: Values) -> float:
    """Mean absolute error of two (H,) series, in original units; ValueError if lengths differ."""
    a, b = _pair(prediction, truth)
    with np.errstate(over="ignore"):
        return float(np.mean(np.abs(a - b)))


@dataclass(frozen=True)
class Forecast:
    """One run's answer for one window; ``prediction`` is None when there is no usable answer."""

    channel: str
    window: Hashable
    truth: Values
    prediction: Values | None


@dataclass(frozen=True)
class Score:
    """Errors over a set of windows; ``mse`` and ``mae`` are NaN when no window was answered."""

    mse: float
    mae: float
    fail_frac: float  # failed answers / all answers
    windows: int  # windows asked
    answered: int  # windows with at least one usable answer
    answers: int  # windows times runs


@dataclass(frozen=True)
class Summary:
    """Scores per channel, and pooled: the plain mean over all (channel, window) pairs (Time-R1's tables)."""

    pooled: Score
    channels: dict[str, Score]


def _errors(forecast: Forecast) -> tuple[float, float] | None:
    """(MSE, MAE) of an answer, or None where it failed: missing, of another length, or not finite."""
    if forecast.prediction is None or len(forecast.prediction) != len(forecast.truth):
        return None
    pair = mse(forecast.prediction, forecast.truth), mae(forecast.prediction, forecast.truth)
    return pair if all(map(math.isfinite, pair)) else None


def _score(windows: Sequence[list[tuple[float, float] | None]]) -> Score:
    answers = sum(len(runs) for runs in windows)
    usable = [[run for run in runs if run is not None] for runs in windows]
    means = [np.mean(runs, axis=0) for runs in usable if runs]
    pooled_mse, pooled_mae = np.mean(means, axis=0) if means else (math.nan, math.nan)
    failed = answers - sum(len(runs) for runs in usable)
    return Score(float(pooled_mse), float(pooled_mae), failed / answers, len(windows), len(means), answers)


def summarise(forecasts: Iterable[Forecast]) -> Summary:
    """Score forecasts: mean over the runs of a window, then over windows, per channel and pooled.

    Raises:
        ValueError: there is nothing to score.
    """
    runs: dict[str, dict[Hashable, list[tuple[float, float] | None]]] = defaultdict(lambda: defaultdict(list))
    for forecast in forecasts:
        runs[forecast.channel][forecast.window].append(_errors(forecast))
    if not runs:
        raise ValueError("there are no forecasts to score")
    channels = {channel: _score(list(windows.values())) for channel, windows in runs.items()}
    return Summary(_score([answer for windows in runs.values() for answer in windows.values()]), channels)
