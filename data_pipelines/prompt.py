"""The plain question of a forecasting dataset, and the plain answer to imitate; a recipe has its paper's instead."""

from __future__ import annotations

import numpy as np

from data_pipelines.lines import by_season, season_of
from data_pipelines.sample import ForecastSample
from data_pipelines.wording import describe_start


def render(sample: ForecastSample, *, horizon: int, timestamps: str = "rows", context: bool = True) -> str:
    """The user message that asks for the next ``horizon`` values after ``sample.history``.

    Args:
        timestamps: ``rows`` puts each value behind its timestamp, one a line; ``start`` gives the first timestamp and
            the step, ``weekday`` the same without the date, ``seasons`` this and one line a season, ``none`` values
            alone.
        context: whether to name dataset and channel.
    """
    about = f" of {sample.meaning} ({sample.title})" if context else " of a time series"
    values = [sample.format(value) for value in sample.history]
    if timestamps == "rows":
        shown = [
            f"The last {len(values)} values:",
            *(f"{label} {value}" for label, value in zip(sample.history_labels, values, strict=True)),
        ]
    else:
        since = describe_start(sample.history_labels[0], sample.freq, timestamps)
        by = f", one line a {season_of(sample)}" if timestamps == "seasons" else ""
        lines = by_season(sample) if timestamps == "seasons" else [" ".join(values)]
        shown = [f"The last {len(values)} values{since}{by}:", *lines]
    return "\n".join(
        [
            f"Forecast the next {horizon} values{about}.",
            *shown,
            f"Reason inside <think> and </think>, then give the {horizon} values, one a line, inside <answer> and "
            "</answer>.",
        ]
    )


def imitated(sample: ForecastSample) -> str:
    """The assistant message: what the history shows of level and season, and the true values."""
    history = np.asarray(sample.history)
    season = ""
    if len(history) > sample.period:
        season = f"; {sample.period} steps before it was {sample.format(history[-1 - sample.period])}"
    thought = (
        f"The values lie between {sample.format(history.min())} and {sample.format(history.max())}, their mean is "
        f"{sample.format(history.mean())}. The last is {sample.format(history[-1])}{season}."
    )
    return f"<think>{thought}</think>\n{answer(sample)}"


def answer(sample: ForecastSample) -> str:
    """The true values, one a line."""
    values = "\n".join(sample.format(value) for value in sample.target)
    return f"<answer>\n{values}\n</answer>"
