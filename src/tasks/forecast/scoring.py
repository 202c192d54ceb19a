"""From forecasts to numbers: errors in original units with intervals, failures counted, baselines beside."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from src.record.metric_names import best_baseline
from src.tasks.blocks import blocks
from src.tasks.forecast.baselines import baseline_forecasts, seasons_of
from src.tasks.forecast.metrics import Forecast, Score, summarise
from src.tasks.forecast.scale import Scales, scales
from src.tasks.row import Row
from src.tasks.scores import ByQuestion, Difference, Group, Metric, Scores, counted, difference, ratio
from src.tasks.task import Answer, by_source

Window = tuple[str, int]  # channel and index

LEAD = "mse"
_ROW_NUMBER = re.compile(r"\brow [0-9]+")


def score(rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
    """Score one answer per row; rows of one window may repeat, which are its runs.

    Errors are means over a window's usable runs, then over windows (never the best run). Failed answers have no error:
    they are counted, and where a window was not answered at all, every baseline has a second error on those that were
    (``mse_answered``), because leaving out the hard windows would flatter the model. ``mase`` is the mean over channels
    of the absolute error in units of the channel's own (``src.tasks.forecast.scale``).

    Args:
        rows: their truth is as long as the forecast; ``info`` holds ``history`` (what the prompt showed), ``channel``
            and, where they are known, ``seasons`` (what each is called -> its steps) or a ``period``, ``start``,
            ``target_start``, what ``scales`` reads, and ``place``: the steps from the series' beginning to the
            window's. Without places all windows count as one item, and there are no intervals.
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
    asked = [windows[window] for window in runs]
    errors = [summarise(some).pooled for some in runs.values()]
    beside = {name: [summarise([one]).pooled for one in some] for name, some in _baselines(asked).items()}
    known, labels = scales(asked), items(asked)
    metrics = _metrics(asked, errors, labels, known, seed)
    metrics["well_formed"] = Metric(sum(one.well_formed for one in answers) / len(answers))
    baselines = {name: _metrics(asked, some, labels, known, seed) for name, some in beside.items()}
    answered = [bool(one.answered) for one in errors]
    if 0 < sum(answered) < len(errors):
        metrics["mse_answered"] = metrics[LEAD]
        for name, some in beside.items():
            same = [one for one, there in zip(some, answered, strict=True) if there]
            baselines[name]["mse_answered"] = Metric(sum(one.mse for one in same) / len(same))
    values = [_finite(one.mse) for one in errors]
    group = Group(
        LEAD,
        metrics,
        baselines,
        questions=len(asked),
        answers=len(answers),
        failed=_failed(errors),
        items=len(set(labels)),
        about={"mase": known.words},
        differences=_differences(values, beside, answered, labels, seed),
        by_question=ByQuestion([f"{row.info['channel']}/{row.index}" for row in asked], labels, values),
    )
    return group, {
        "channels": _channels(asked, errors, beside, known),
        "problems": _problems(answers, forecasts),
        "windows": [_record(row, some, one) for row, some, one in zip(asked, runs.values(), errors, strict=True)],
    }


def items(rows: Sequence[Row]) -> list[int]:
    """The block of time of each row, all channels of a moment together; 0 for all where places are unknown.

    Sources are numbered apart.
    """
    found: list[int] = [0] * len(rows)
    first = 0
    for source in dict.fromkeys(row.source for row in rows):
        places = [place for place, row in enumerate(rows) if row.source == source]
        starts = [rows[place].info.get("place") for place in places]
        spans = [
            (start, start + len(rows[place].truth))
            for place, start in zip(places, starts, strict=True)
            if start is not None
        ]
        labels = blocks(spans) if len(spans) == len(places) else [0] * len(places)
        for place, label in zip(places, labels, strict=True):
            found[place] = first + label
        first = max(found) + 1
    return found


def errors(row: Row, answer: Answer) -> dict[str, float] | None:
    """MSE and MAE of one answer; None where it failed."""
    return _run(Forecast(row.info["channel"], row.index, row.truth, answer.value))


def _window(row: Row) -> Window:
    return row.info["channel"], row.index


def _metrics(
    rows: Sequence[Row], errors: Sequence[Score], items: Sequence[int], known: Scales, seed: int
) -> dict[str, Metric]:
    """MSE, MAE and MASE over the answered windows, with their intervals over blocks of time."""
    some = [(row, one, item) for row, one, item in zip(rows, errors, items, strict=True) if one.answered]
    ones, labels = [1.0] * len(some), [item for _, _, item in some]
    scaled = [
        (one.mae / scale, row.info["channel"], item)
        for row, one, item in some
        if (scale := known.of.get(row.info["channel"])) is not None
    ]
    counts = Counter(channel for _, channel, _ in scaled)
    weights = [1 / counts[channel] for _, channel, _ in scaled]  # every channel weighs the same
    return {
        "mse": ratio([one.mse for _, one, _ in some], ones, seed, labels),
        "mae": ratio([one.mae for _, one, _ in some], ones, seed, labels),
        "mase": ratio(
            [value * weight for (value, _, _), weight in zip(scaled, weights, strict=True)],
            weights,
            seed,
            [item for _, _, item in scaled],
        ),
    }


def _differences(
    values: Sequence[float | None],
    beside: Mapping[str, Sequence[Score]],
    answered: Sequence[bool],
    items: Sequence[int],
    seed: int,
) -> list[Difference]:
    """The model less the baseline that is best on the windows that the model has answered."""
    theirs = {
        name: [one.mse if there else None for one, there in zip(some, answered, strict=True)]
        for name, some in beside.items()
    }
    means = {name: {LEAD: _mean(some)} for name, some in theirs.items()}
    best = best_baseline(means, LEAD)
    found = None if best is None else difference(best, "baseline", values, theirs[best], items, seed)
    return [] if found is None else [found]


def _failed(errors: Sequence[Score]) -> int:
    return round(sum(one.fail_frac * one.answers for one in errors))


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan


def _channels(
    rows: Sequence[Row], errors: Sequence[Score], beside: Mapping[str, Sequence[Score]], known: Scales
) -> dict[str, Any]:
    """Each channel by itself, with what its absolute errors are divided by."""
    found = {}
    for channel in dict.fromkeys(row.info["channel"] for row in rows):
        of = [place for place, row in enumerate(rows) if row.info["channel"] == channel]
        scale = known.of.get(channel)
        ours = [errors[place] for place in of]
        found[channel] = {
            **_part(ours, scale),
            "fail_frac": _failed(ours) / sum(one.answers for one in ours),
            "windows": len(of),
            "scale": scale,
            "baselines": {name: _part([some[place] for place in of], scale) for name, some in beside.items()},
        }
    return found


def _part(errors: Sequence[Score], scale: float | None) -> dict[str, float | None]:
    answered = [one for one in errors if one.answered]
    mse, mae = (_finite(_mean([getattr(one, name) for one in answered])) for name in ("mse", "mae"))
    return {"mse": mse, "mae": mae, "mase": mae / scale if mae is not None and scale is not None else None}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(score: Score) -> dict[str, float | None]:
    return {"mse": _finite(score.mse), "mae": _finite(score.mae), "fail_frac": score.fail_frac}


def _baselines(windows: Sequence[Row]) -> dict[str, list[Forecast]]:
    """Each baseline's forecast of each window, from the history that the prompt showed."""
    forecasts: dict[str, list[Forecast]] = defaultdict(list)
    for row in windows:
        for name, values in baseline_forecasts(row.info["history"], len(row.truth), seasons_of(row.info)).items():
            forecasts[name].append(Forecast(row.info["channel"], row.index, row.truth, values))
    return forecasts


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
