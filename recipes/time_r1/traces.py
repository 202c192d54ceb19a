"""Reasoning traces for the SFT warm-up, written by analysing the window: level, trend, seasonality, a method.

Every number of the reasoning comes from the shown history alone. The styles:

    full     the four points and the conclusion of the paper's Table 7; the answer holds the true values, as in
             Time-R1's Algorithm 1
    short    one line, for a model too small for prose; the answer holds the true values
    methods  one line that states a method, drawn at random from several, and its forecast as the answer: the
             warm-up teaches how each method is carried out and leaves it to RL to find out which one pays
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_pipelines.sample import ForecastSample
from data_pipelines.wording import weekday_of
from recipes.time_r1.methods import drawn_method
from recipes.time_r1.prompt import BARE_HEADER, HEADER
from src.errors import DataError
from src.tasks.forecast.baselines import daily_profile, last_day, last_value, window_mean

Floats = NDArray[np.float64]

# What the cycle has to explain of the variance before the trace calls the series seasonal.
_SEASONAL_SHARE = 0.3
# A line that moves less than this share of the spread over the window is called level.
_TREND_SHARE = 0.5


def write(sample: ForecastSample, *, style: str = "full", timestamps: str = "rows", header: bool = False) -> str:
    """Return the assistant message: reasoning in ``<think>``, a forecast in ``<answer>``.

    Args:
        style: full, short or methods.
        timestamps: as in the prompt; rows puts the timestamp before each value of the answer.
        header: a first line above bare values, too.

    Raises:
        DataError: for an unknown style, or methods for a history of less than a season.
    """
    if style == "methods":
        reasoning, forecast = drawn_method(sample, timestamps)
        return f"<think>{reasoning}</think>\n{answer(sample, timestamps, forecast.tolist(), header=header)}"
    writers = {"full": _full, "short": _short}
    if style not in writers:
        raise DataError(f"dataset.traces.style is '{style}': set it to full, short or methods")
    return f"<think>{writers[style](sample, timestamps)}</think>\n{answer(sample, timestamps, header=header)}"


def answer(
    sample: ForecastSample, timestamps: str = "rows", forecast: Sequence[float] | None = None, *, header: bool = False
) -> str:
    """The ``<answer>`` part, one row per step in a fenced block; without a forecast, the true values."""
    values = [sample.format(value) for value in (sample.target if forecast is None else forecast)]
    if timestamps == "rows":
        pairs = zip(sample.target_labels, values, strict=True)
        values = [HEADER, *(f"{label} {value}" for label, value in pairs)]
    elif header:
        values = [BARE_HEADER, *values]
    return "\n".join(["<answer>", "```", *values, "```", "</answer>"])


def shifted_season(history: Floats, horizon: int, period: int) -> Floats:
    """Repeat the last season, moved by the change since: the last value against the one a season before it.

    A history of exactly one season does not show that value; the nearest one, half a step off, stands in for
    it.
    """
    if len(history) < period:
        return np.full(horizon, history[-1])
    change = history[-1] - (history[-1 - period] if len(history) > period else history[0])
    return np.resize(history[-period:] + change, horizon)


# Named one by one: a baseline that is added for scoring must not enter the traces.
METHODS: dict[str, Callable[[Floats, int, int], Floats]] = {
    "last_value": last_value,
    "last_day": last_day,
    "window_mean": window_mean,
    "daily_profile": daily_profile,
    "shifted_season": shifted_season,
}
_METHOD_TEXTS = {
    "last_value": "keep the last value",
    "last_day": "repeat the last {season}",
    "window_mean": "keep the mean of the window",
    "daily_profile": "repeat the mean {season} of the window",
    "shifted_season": "repeat the last {season}, moved by the change since the one before",
}


def _season(sample: ForecastSample, timestamps: str) -> str:
    """Name the season; without timestamps the prompt does not tell how long a step is."""
    if timestamps == "none" or weekday_of(sample.history_labels[0]) is None:
        return f"cycle of {sample.period} steps"
    if ":" in sample.history_labels[0]:
        return "day"
    return "week" if sample.freq in ("D", "B") else f"cycle of {sample.period} steps"


def _short(sample: ForecastSample, timestamps: str) -> str:
    """Say what "the last season moved by the change since" needs, in the order in which it is needed."""
    history = np.asarray(sample.history)
    last, length = history[-1], len(sample.target)
    weekday = weekday_of(sample.target_labels[0]) if timestamps != "none" else None
    ahead = f"Next {weekday}. " if weekday else ""
    if len(history) < sample.period:
        mean, change = sample.format(history.mean()), sample.signed(last - history[0])
        return f"{ahead}Last {sample.format(last)}, mean {mean}, change {change}. Method: keep the last value."
    exact = len(history) > sample.period
    before = history[-1 - sample.period] if exact else history[0]
    end = np.resize(history[-sample.period :], length)[-1]
    return (
        f"{ahead}Last {sample.format(last)}, {'' if exact else 'about '}a {_season(sample, timestamps)} ago "
        f"{sample.format(before)}, change {sample.signed(last - before)}. It went to {sample.format(end)}, "
        f"now to {sample.format(end + last - before)}."
    )


@dataclass(frozen=True)
class Backtest:
    """The method that forecast the held-back end of the history best, with the errors of all (MAE)."""

    method: str
    errors: dict[str, float]
    held_back: int


def backtest(history: Floats, horizon: int, period: int) -> Backtest:
    """Try every method on the last values of the history (L,), given only the values before them."""
    length = len(history)
    held_back = min(horizon, period) if length - min(horizon, period) >= period else min(horizon, length // 3)
    held_back = max(1, held_back)
    shown, hidden = history[:-held_back], history[-held_back:]
    errors = {name: float(np.abs(method(shown, held_back, period) - hidden).mean()) for name, method in METHODS.items()}
    return Backtest(min(errors, key=lambda name: errors[name]), errors, held_back)


def _full(sample: ForecastSample, timestamps: str) -> str:
    history = np.asarray(sample.history)
    test = backtest(history, len(sample.target), sample.period)
    forecast = METHODS[test.method](history, len(sample.target), sample.period)
    points = [
        f"1. Patterns and trend: {_trend(sample, history, timestamps)}",
        f"2. Seasonality: {_seasonality(sample, history, timestamps)}",
        f"3. Method: {_method(sample, test, timestamps)}",
        f"4. Limits: {len(history)} values show nothing slower than the window and nothing from outside the "
        f"series; "
        f"an error of about {sample.format(test.errors[test.method])} per step is to be expected.",
        f"Conclusion: {_conclusion(sample, forecast, timestamps)}",
    ]
    return "\n" + "\n".join(points) + "\n"


def _trend(sample: ForecastSample, history: Floats, timestamps: str) -> str:
    number = sample.format
    slope = float(np.polyfit(np.arange(len(history)), history, 1)[0])
    level = abs(slope) * len(history) < _TREND_SHARE * float(np.ptp(history))
    trend = "no clear trend" if level else f"a trend of {sample.signed(slope * sample.period)}"
    per = "" if level else f" per {_season(sample, timestamps)}"
    return (
        f"the {len(history)} values lie between {number(history.min())} and {number(history.max())} with a "
        f"mean of "
        f"{number(history.mean())} and {trend}{per}; the last value is {number(history[-1])}."
    )


def _seasonality(sample: ForecastSample, history: Floats, timestamps: str) -> str:
    period, number = sample.period, sample.format
    seasons = len(history) // period
    if period < 2 or seasons < 2:
        return f"the window shows fewer than two whole cycles of {period} steps, so none can be confirmed."
    recent = history[-seasons * period :].reshape(seasons, period)
    profile = recent.mean(axis=0)
    spread = float(recent.var())
    share = float(profile.var()) / spread if spread > 0 else 0.0
    if share < _SEASONAL_SHARE:
        return f"a cycle of {period} steps explains only {share:.0%} of the variance, so it is weak."
    low, high = int(profile.argmin()), int(profile.argmax())
    name = _season(sample, timestamps)
    return (
        f"over {seasons} times one {name}, the mean is lowest {_moment(sample, low, timestamps)} "
        f"({number(profile[low])}) "
        f"and highest {_moment(sample, high, timestamps)} ({number(profile[high])}); it explains {share:.0%} "
        f"of the variance."
    )


def _moment(sample: ForecastSample, position: int, timestamps: str) -> str:
    """Name a position in the season that ends the history: a clock time, a weekday, or its number."""
    label = sample.history_labels[position - sample.period]
    season = _season(sample, timestamps)
    if season == "day":
        return f"at {label.split(' ')[1][:5]}"
    return f"on {weekday_of(label)}" if season == "week" else f"at step {position + 1}"


def _method(sample: ForecastSample, test: Backtest, timestamps: str) -> str:
    season = _season(sample, timestamps)
    errors = ", ".join(
        f"{_METHOD_TEXTS[name].format(season=season)} {sample.format(error)}" for name, error in test.errors.items()
    )
    chosen = _METHOD_TEXTS[test.method].format(season=season)
    return (
        f"forecasting the last {test.held_back} shown values from those before them has these mean absolute "
        f"errors: "
        f"{errors}. The best is to {chosen}, so I do that."
    )


def _conclusion(sample: ForecastSample, forecast: Floats, timestamps: str) -> str:
    number, low, high = sample.format, int(forecast.argmin()), int(forecast.argmax())

    def step(position: int) -> str:
        return f"step {position + 1}" if timestamps == "none" else sample.target_labels[position]

    start_end = f"starts near {number(forecast[0])} and ends near {number(forecast[-1])}"
    if low == high:
        return f"the forecast stays at {number(forecast[0])}."
    return (
        f"the forecast {start_end}, with its low of {number(forecast[low])} at {step(low)} and its high of "
        f"{number(forecast[high])} at {step(high)}."
    )
