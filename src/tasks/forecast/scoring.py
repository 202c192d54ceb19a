"""From forecasts to numbers: per channel and pooled, with intervals, failures and baselines beside."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from src.tasks.forecast.baselines import BASELINES, baseline_forecasts
from src.tasks.forecast.metrics import Forecast, Score, Summary, mae, mse, summarise
from src.tasks.forecast.rolling import Rolled, Window

RESAMPLES = 2000
_PROBLEMS_SHOWN = 20
_ROW_NUMBER = re.compile(r"\brow [0-9]+")


def score(windows: Sequence[Window], rolled: Sequence[Rolled], seed: int = 0) -> dict[str, Any]:
    """Score all runs of all windows.

    Errors are means over a window's usable runs, then over windows (never the best run). Failed answers have
    no error: ``fail_frac`` counts them, and each baseline has a second error on the windows that were answered
    (``answered``), because leaving out the hard windows would flatter the model. The truth of a window is as
    long as its forecast.

    Returns a dictionary for JSON: ``model``, ``baselines``, ``channels``, ``problems``, ``windows``.
    Raises ValueError when there is nothing to score.
    """
    forecasts = [
        Forecast(windows[one.window].channel, one.window, windows[one.window].target, one.prediction) for one in rolled
    ]
    runs: dict[int, list[Forecast]] = defaultdict(list)
    for one, forecast in zip(rolled, forecasts, strict=True):
        runs[one.window].append(forecast)
    errors = {window: summarise(answers).pooled for window, answers in runs.items()}
    answered = {window for window, error in errors.items() if error.answered}
    summary = summarise(forecasts)
    baselines = _baselines(windows)
    return {
        "model": {
            **_numbers(summary.pooled),
            "mse_interval": bootstrap_interval([errors[window].mse for window in sorted(answered)], seed),
            "windows": summary.pooled.windows,
            "answered_windows": summary.pooled.answered,
            "answers": summary.pooled.answers,
            "failed": round(summary.pooled.fail_frac * summary.pooled.answers),
            "well_formed_frac": float(np.mean([one.well_formed for one in rolled])),
            "truncated_frac": float(np.mean([any(a.truncated for a in one.answers) for one in rolled])),
        },
        "baselines": {name: _baseline(entries, answered, seed) for name, entries in baselines.items()},
        "channels": _channels(summary, baselines),
        "problems": _problems(rolled, forecasts),
        "windows": [_window_record(windows[window], runs[window], errors[window]) for window in sorted(runs)],
    }


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> list[float] | None:
    """Return the 95 % percentile interval of the mean of ``values``, or None for fewer than two values."""
    if len(values) < 2:
        return None
    data, generator = np.asarray(values, dtype=np.float64), np.random.default_rng(seed)
    means = [float(data[generator.integers(len(data), size=len(data))].mean()) for _ in range(RESAMPLES)]
    return [float(bound) for bound in np.percentile(means, [2.5, 97.5])]


def _numbers(score: Score) -> dict[str, float | None]:
    return {
        "mse": None if math.isnan(score.mse) else score.mse,
        "mae": None if math.isnan(score.mae) else score.mae,
        "fail_frac": score.fail_frac,
    }


def _baselines(windows: Sequence[Window]) -> dict[str, list[Forecast]]:
    """Each baseline's forecast of each window, from the history that the prompt showed."""
    forecasts: dict[str, list[Forecast]] = {name: [] for name in BASELINES}
    for number, one in enumerate(windows):
        for name, values in baseline_forecasts(one.history, len(one.target), one.period).items():
            forecasts[name].append(Forecast(one.channel, number, one.target, values))
    return forecasts


def _baseline(entries: Sequence[Forecast], answered: set[int], seed: int) -> dict[str, Any]:
    pooled = summarise(entries).pooled
    some = [entry for entry in entries if entry.window in answered]
    same = summarise(some).pooled if some else None
    return {
        "mse": pooled.mse,
        "mae": pooled.mae,
        "mse_interval": bootstrap_interval([_mse(entry) for entry in entries], seed),
        "answered": {"mse": same.mse, "mae": same.mae} if same else None,
    }


def _mse(entry: Forecast) -> float:
    assert entry.prediction is not None
    return mse(entry.prediction, entry.truth)


def _channels(summary: Summary, baselines: dict[str, list[Forecast]]) -> dict[str, Any]:
    beside = {name: summarise(entries).channels for name, entries in baselines.items()}
    return {
        channel: {
            **_numbers(one),
            "windows": one.windows,
            "baselines": {
                name: {"mse": channels[channel].mse, "mae": channels[channel].mae} for name, channels in beside.items()
            },
        }
        for channel, one in summary.channels.items()
    }


def _problems(rolled: Sequence[Rolled], forecasts: Sequence[Forecast]) -> dict[str, int]:
    """Count why answers failed, most frequent first; rare reasons are counted together."""
    failed = (
        _ROW_NUMBER.sub("a row", one.problem or "the error of the forecast is not finite")
        for one, forecast in zip(rolled, forecasts, strict=True)
        if not _usable(forecast)
    )
    counts = Counter(failed).most_common()
    problems = dict(counts[:_PROBLEMS_SHOWN])
    if rest := sum(count for _, count in counts[_PROBLEMS_SHOWN:]):
        problems["other problems"] = rest
    return problems


def _usable(answer: Forecast) -> bool:
    return summarise([answer]).pooled.answered == 1


def _window_record(window: Window, answers: Sequence[Forecast], error: Score) -> dict[str, Any]:
    return {
        "channel": window.channel,
        "start": window.history_labels[0],
        "target_start": window.target_labels[0],
        **_numbers(error),
        "runs": [_run_record(answer) for answer in answers],
    }


def _run_record(answer: Forecast) -> dict[str, float] | None:
    """The errors of one run, or None where it failed."""
    if answer.prediction is None or not _usable(answer):
        return None
    return {"mse": mse(answer.prediction, answer.truth), "mae": mae(answer.prediction, answer.truth)}
