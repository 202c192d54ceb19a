"""The ``strict`` preset of the Time-R1 reward: six terms without the holes of the published code.

With truth g, answer x of the same n steps, e = x - g, and s the standard deviation of history and truth:

    f(q)  = 1 / (1 + slope * mean(q**2) / s**2)             1 for no error, falling, never 0
    a     = cosine between the moves of x and of g from turning point to turning point of g, cut at 0
            (flat g: f(x - mean(x)))
    A     = f(e) * (mse + seasonal * f(e - MA(e)) + trend * f(MA(e)) + structural * a)

``mse``, ``seasonal``, ``trend`` and ``structural`` are the weights, MA is ``series.moving_average``. A is then set
against A0, the same of a naive forecast: ``baselines.last_day`` (the last ``period`` values repeated), or, for series
without a season, ``baselines.last_value``. Slope, naive forecast and min_agreement come with the dataset:

    less accurate than the naive forecast (mean squared error):     A <- min(A, A0)
    else, correlation of x and g at least min_agreement:            A <- max(A, A0)
    else (constants, noise):                                        A <- A0

The score is format (0, or -format for a malformed response) + length + A; an answer that is not n finite
numbers gets no A and less than the full length term. Consequences, each held by a test:

* Shrinking the error, x -> g + l * (x - g) with l < 1, never lowers the score: every f, the cosine, the
  correlation and the comparison with the naive forecast are monotone along that line, and so are their
  products.
* Nothing that is less accurate than the naive forecast scores above it, nor does an answer without the
  truth's shape, such as a constant; nothing that is more accurate scores below it, at the same format.
* Wrong counts score below the naive forecast, and so do malformed responses, because the format weight is at
  least the sum of the weights in A.
* The yardstick s is not the model's to choose, and every term is a finite number.

What it does not feel are tails: f is bounded, so that an error of 30 s in one window costs hardly more than one of 3 s,
while it decides the mean squared error of a hundred windows. Policies that are very wrong now and then, such as a line
through the history, are paid for more than their mean squared error says. A smaller slope moves f's middle out to
larger errors (Exchange and NASDAQ: 0.5); tests/recipes/time_r1/test_reward_ranking.py holds what ranking is left.

Without a usable history s is the truth's standard deviation and A is not set against anything. A flat truth
has no shape to agree with: the rule on correlation does not apply.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from src.errors import ConfigError
from src.tasks.forecast.answer import ForecastAnswer
from src.tasks.forecast.baselines import last_day, last_value
from src.tasks.forecast.series import cosine, floats, moving_average, turning_points

LAST_DAY = "last_day"
NAIVE = {LAST_DAY: last_day, "last_value": last_value}
_MAX_ERROR = 1e6  # in units of s; beyond it the terms are zero, which also keeps every square finite
_WINDOW = 25  # the decomposition window of Time-R1
_TINY = 1e-9  # in units of s: below it a series is flat


@dataclass(frozen=True, slots=True)
class StrictSettings:
    """Weights of the terms (those of the later published code) and the settings of the module's formula.

    Args:
        period: steps per season where the sample's extra_info does not say (24: hourly data, a daily cycle).
        naive: the forecast that answers are set against: ``last_day``, or ``last_value`` for series without a season.
        min_agreement: correlation with the truth below which an answer cannot score above the naive forecast.
            Chance gives 96 unrelated values a correlation of 0.1 in the mean square. -1 turns the rule off, for series
            without a season (Exchange, NASDAQ), where the best forecasts are nearly constant.
    """

    format: float = 1.0
    length: float = 0.1
    mse: float = 0.6
    seasonal: float = 0.05
    trend: float = 0.15
    structural: float = 0.2
    slope: float = 4.0
    period: int = 24
    naive: str = LAST_DAY
    min_agreement: float = 0.3

    def __post_init__(self) -> None:
        if self.naive not in NAIVE:
            raise ConfigError(f"reward setting naive={self.naive!r} must be {' or '.join(NAIVE)}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "naive":
                continue
            if not isinstance(value, (int, float)) or not -1.0 <= value <= 1e6:
                raise ConfigError(f"reward setting {field.name}={value!r} must be a number between -1 and 1e6")
            if value < 0 and field.name != "min_agreement":
                raise ConfigError(f"reward setting {field.name}={value!r} must not be negative")
        if self.period < 1:
            raise ConfigError(f"reward setting period={self.period!r} must be at least 1 step")
        if self.format < self.mse + self.seasonal + self.trend + self.structural - 1e-9:
            raise ConfigError(
                f"reward setting format={self.format!r} must be at least mse + seasonal + trend + "
                "structural: with less, malformed responses could score above honest forecasts"
            )


@dataclass(frozen=True, slots=True)
class _Target:
    """What is known of one sample, computed once for all its rollouts. Arrays have shape (n,) but ``moves``."""

    truth: np.ndarray
    variance: float  # s squared
    limit: float  # largest |x| that is looked at
    window: int
    turns: np.ndarray
    moves: np.ndarray  # of the truth, between its turning points
    centred: np.ndarray | None  # truth - mean; None when the truth is flat
    naive_mse: float | None
    naive_accuracy: float  # A0


def strict_terms(
    answer: ForecastAnswer, truth: np.ndarray, extra_info: Mapping[str, Any], settings: StrictSettings
) -> dict[str, float]:
    """The six terms of one response; truth has shape (n,), extra_info may hold ``history`` and ``period``."""
    n = len(truth)
    terms = dict.fromkeys(("format", "length", "mse", "seasonal", "trend", "structural"), 0.0)
    if not answer.well_formed:
        terms["format"] = -float(settings.format)
    if answer.problem is not None or len(answer.values) != n:
        # Less than the full term even for n rows with a problem, and thereby below every honest forecast.
        terms["length"] = settings.length * min(answer.rows, n) / (max(answer.rows, n) + 1)
        return terms
    terms["length"] = float(settings.length)
    history = floats(extra_info.get("history"))
    season = _period(extra_info.get("period"), settings.period)
    target = _target(truth.tobytes(), b"" if history is None else history.tobytes(), season, settings)
    parts = _accuracy_parts(answer.values, target, settings)
    accuracy = sum(parts.values())
    if accuracy > 0.0:
        scale = _against_naive(accuracy, answer.values, target, settings.min_agreement) / accuracy
        for name, part in parts.items():
            terms[name] = part * scale
    return terms


def _period(given: object, default: int) -> int:
    try:
        period = int(given)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return int(default)
    return period if period >= 1 else int(default)


@lru_cache(maxsize=1024)
def _target(truth_bytes: bytes, history_bytes: bytes, period: int, settings: StrictSettings) -> _Target:
    truth, history = np.frombuffer(truth_bytes), np.frombuffer(history_bytes)
    known = np.concatenate([history, truth])
    # A series without any variation has no yardstick of its own: a ten-thousandth of its level stands in.
    spread = max(float(known.std()), 1e-4 * float(np.abs(known).max()), 1e-100) if known.any() else 1.0
    centred = truth - truth.mean()
    flat = float(centred @ centred) <= len(truth) * (_TINY * spread) ** 2
    turns = turning_points(truth)
    target = _Target(
        truth=truth,
        variance=spread**2,
        limit=float(np.abs(truth).max()) + _MAX_ERROR * spread,
        window=min(_WINDOW, (len(truth) // 2) | 1),
        turns=turns,
        moves=np.diff(truth[turns]),
        centred=None if flat else centred,
        naive_mse=None,
        naive_accuracy=0.0,
    )
    if len(history) == 0:
        return target
    naive = NAIVE[settings.naive](history, len(truth), period)
    error = naive - truth
    naive_accuracy = sum(_accuracy_parts(naive, target, settings).values())
    return replace(target, naive_mse=float(error @ error) / len(truth), naive_accuracy=naive_accuracy)


def _accuracy_parts(values: np.ndarray, target: _Target, settings: StrictSettings) -> dict[str, float]:
    """The terms of A before the comparison with the naive forecast; empty for values out of proportion."""
    if not np.abs(values).max() <= target.limit:
        return {}
    unit = settings.slope / (len(values) * target.variance)
    error = values - target.truth
    trend = moving_average(error, target.window)
    seasonal = error - trend
    fit = 1.0 / (1.0 + unit * float(error @ error))
    if target.centred is None:
        wiggle = values - values.mean()
        agreement = 1.0 / (1.0 + unit * float(wiggle @ wiggle))
    else:
        moves = values[target.turns]
        agreement = max(0.0, cosine(moves[1:] - moves[:-1], target.moves))
    return {
        "mse": fit * settings.mse,
        "seasonal": fit * settings.seasonal / (1.0 + unit * float(seasonal @ seasonal)),
        "trend": fit * settings.trend / (1.0 + unit * float(trend @ trend)),
        "structural": fit * settings.structural * agreement,
    }


def _against_naive(accuracy: float, values: np.ndarray, target: _Target, min_agreement: float) -> float:
    """A after the comparison with the naive forecast's A0; see the module's formula."""
    if target.naive_mse is None:
        return accuracy
    error = values - target.truth
    if float(error @ error) / len(values) > target.naive_mse:
        return min(accuracy, target.naive_accuracy)
    if target.centred is not None:
        centred = values - values.mean()
        # Rounding leaves a constant with a direction of its own; it has none.
        is_flat = float(centred @ centred) <= len(values) * target.variance * _TINY**2
        if (0.0 if is_flat else cosine(centred, target.centred)) < min_agreement:
            return target.naive_accuracy
    return max(accuracy, target.naive_accuracy)
