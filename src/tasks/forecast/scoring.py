"""From forecasts to numbers: errors in original units with intervals, failures counted, baselines beside."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from src.tasks.forecast.baselines import baseline_forecasts
from src.tasks.forecast.metrics import Forecast, Score, summarise
from src.tasks.row import Row
from src.tasks.scores import Group, Metric, Scores, counted, ratio
from src.tasks.task import Answer, by_source

Window = tuple[str, int]  # channel and index

_ROW_NUMBER = re.compile(r"\brow [0-9]+")


def score(rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
    """Score one answer per row; rows of one window may repeat, which are its runs.

    Errors are means over a window's usable runs, then over windows (never the best run). Failed answers have no error:
    they are counted, and where a window was not answered at all, every baseline has a second error on those that were
    (``mse_answered``), because leaving out the hard windows would flatter the model.

    Args:
        rows: their truth is as long as the forecast; ``info`` holds ``history`` (what the prompt showed), ``period``,
            ``channel`` and, where they are known, ``start``, ``target_start`` and ``place``: the steps from the
            series' beginning to the window's, of which windows that overlap have few between them.
        seed: of the bootstrap.

    Raises:
        ValueError: there is nothing to score.
    """
    if not rows:
        raise ValueError("there are no forecasts to score")
    groups, details = {}, {}
    for source, some in by_source(rows, answers).items():
        groups[source], details[source] = _group(*some, seed)
    # One dataset has one source; a mixture tells them apart.
    return Scores(groups, next(iter(details.values())) if len(details) == 1 else {"datasets": details})


def _group(rows: Sequence[Row], answers: Sequence[Answer], seed: int) -> tuple[Group, dict[str, Any]]:
    windows = {_window(row): row for row in reversed(rows)}
    forecasts = [
        Forecast(row.info["channel"], row.index, row.truth, answer.value)
        for row, answer in zip(rows, answers, strict=True)
    ]
    runs: dict[Window, list[Forecast]] = defaultdict(list)
    for row, one in zip(rows, forecasts, strict=True):
        runs[_window(row)].append(one)
    errors = {window: summarise(some).pooled for window, some in runs.items()}
    answered = [window for window, error in errors.items() if error.answered]
    summary = summarise(forecasts)
    pooled = summary.pooled
    beside = _baselines([windows[window] for window in runs])
    metrics = _metrics(pooled, [errors[window] for window in answered], seed)
    metrics["well_formed"] = Metric(sum(one.well_formed for one in answers) / len(answers))
    baselines = {
        name: _metrics(summarise(some).pooled, [summarise([one]).pooled for one in some], seed)
        for name, some in beside.items()
    }
    if 0 < len(answered) < len(errors):
        metrics["mse_answered"] = metrics["mse"]
        for name, some in beside.items():
            same = [one for window, one in zip(runs, some, strict=True) if errors[window].answered]
            baselines[name]["mse_answered"] = Metric(summarise(same).pooled.mse)
    group = Group(
        "mse",
        metrics,
        baselines,
        questions=pooled.windows,
        answers=pooled.answers,
        failed=round(pooled.fail_frac * pooled.answers),
        items=independent(list(windows.values())),
    )
    channels = {name: summarise(some).channels for name, some in beside.items()}
    return group, {
        "channels": {
            channel: {
                **_numbers(one),
                "windows": one.windows,
                "baselines": {
                    name: {"mse": found[channel].mse, "mae": found[channel].mae} for name, found in channels.items()
                },
            }
            for channel, one in summary.channels.items()
        },
        "problems": _problems(answers, forecasts),
        "windows": [_record(windows[window], runs[window], errors[window]) for window in runs],
    }


def errors(row: Row, answer: Answer) -> dict[str, float] | None:
    """MSE and MAE of one answer; None where it failed."""
    return _run(Forecast(row.info["channel"], row.index, row.truth, answer.value))


def _window(row: Row) -> Window:
    return row.info["channel"], row.index


def _metrics(pooled: Score, errors: Sequence[Score], seed: int) -> dict[str, Metric]:
    """MSE and MAE with their intervals over windows."""
    ones = [1.0] * len(errors)
    return {
        "mse": Metric(_finite(pooled.mse), ratio([one.mse for one in errors], ones, seed).interval),
        "mae": Metric(_finite(pooled.mae), ratio([one.mae for one in errors], ones, seed).interval),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(score: Score) -> dict[str, float | None]:
    return {"mse": _finite(score.mse), "mae": _finite(score.mae), "fail_frac": score.fail_frac}


def _baselines(windows: Sequence[Row]) -> dict[str, list[Forecast]]:
    """Each baseline's forecast of each window, from the history that the prompt showed."""
    forecasts: dict[str, list[Forecast]] = defaultdict(list)
    for row in windows:
        found = baseline_forecasts(row.info["history"], len(row.truth), int(row.info["period"]), row.info.get("week"))
        for name, values in found.items():
            forecasts[name].append(Forecast(row.info["channel"], row.index, row.truth, values))
    return forecasts


def independent(windows: Sequence[Row]) -> int | None:
    """How many windows can be picked, channel by channel, whose truths share no step; None where places are unknown."""
    ends: dict[str, int] = {}
    count = 0
    for row in sorted(windows, key=lambda row: row.info.get("place", -1)):
        place, channel = row.info.get("place"), row.info["channel"]
        if place is None:
            return None
        if place >= ends.get(channel, 0):
            count += 1
            ends[channel] = place + len(row.truth)
    return count


def _problems(answers: Sequence[Answer], forecasts: Sequence[Forecast]) -> dict[str, int]:
    """Why answers failed, whichever row of theirs it was."""
    return counted(
        _ROW_NUMBER.sub("a row", answer.problem or "the error of the forecast is not finite")
        for answer, forecast in zip(answers, forecasts, strict=True)
        if not _usable(forecast)
    )


def _usable(one: Forecast) -> bool:
    return summarise([one]).pooled.answered == 1


def _record(row: Row, runs: Sequence[Forecast], error: Score) -> dict[str, Any]:
    return {
        "channel": row.info["channel"],
        "start": row.info.get("start"),
        "target_start": row.info.get("target_start"),
        **_numbers(error),
        "runs": [_run(one) for one in runs],
    }


def _run(one: Forecast) -> dict[str, float] | None:
    """The errors of one run, or None where it failed."""
    error = summarise([one]).pooled
    return {"mse": error.mse, "mae": error.mae} if error.answered else None
