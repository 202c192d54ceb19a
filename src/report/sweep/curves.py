"""Learning curves of a sweep: a line per setting, the mean over its seeds, in a band from the lowest to the highest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from src.report.parts.charts import axis
from src.report.parts.dashboard import Dashboard, Panel, fill, match
from src.report.sweep.results import Results, Setting

CURVES = 7  # settings drawn: as many as there are colours
POINTS = 160
SMOOTH_FROM = 40  # shorter series are drawn as they are

Frames = dict[str, dict[str, list[pd.DataFrame]]]  # setting -> stage -> one frame per seed


@dataclass(frozen=True)
class Curves:
    """One drawing: its place and words, and ``spec``, which the page's script draws."""

    section: str
    title: str
    help: str
    spec: dict[str, Any]
    wide: bool = False


def build_curves(dashboard: Dashboard, results: Results) -> list[Curves]:
    """The panels of the list that are curves, for the best settings; what no cell has recorded is left out."""
    drawn = [one for one in results.ranked if any(cell.run for cell in one.cells)][:CURVES]
    frames = {setting.label: _frames(setting) for setting in drawn}
    stages = list(dict.fromkeys(stage for by_stage in frames.values() for stage in by_stage))
    names = {stage: _names(stage, frames) for stage in stages}
    charts: dict[tuple[str, str], Curves] = {}  # by stage and metric: the first panel that takes a metric draws it
    trainers = {name: trainer for setting in drawn for name, trainer in _trainers(setting).items()}
    for panel in dashboard.panels:
        if panel.kind == "stack" or panel.rest:
            continue
        about = [stage for stage in stages if panel.trainer in (None, trainers.get(stage))]
        for stage, pattern in product(about, panel.metrics):
            for metric, binding in sorted(match(pattern, names[stage]).items()):
                if (stage, metric) not in charts:
                    charts[stage, metric] = _chart(panel, stage, metric, binding, frames)
    rank = {section.name: place for place, section in enumerate(dashboard.sections)}
    return sorted(_distinct(list(charts.values())), key=lambda chart: rank[chart.section])


def _frames(setting: Setting) -> dict[str, list[pd.DataFrame]]:
    frames: dict[str, list[pd.DataFrame]] = {}
    for one in setting.cells:
        if one.run is None:
            continue
        for stage in one.run.stages:
            frame = one.run.metrics(str(stage["name"]))
            if len(frame):
                frames.setdefault(str(stage["name"]), []).append(frame)
    return frames


def _trainers(setting: Setting) -> dict[str, str]:
    runs = [one.run for one in setting.cells if one.run is not None]
    return {str(stage["name"]): str(stage.get("trainer")) for run in runs for stage in run.stages}


def _names(stage: str, frames: Frames) -> set[str]:
    return {str(name) for by_stage in frames.values() for frame in by_stage.get(stage, []) for name in frame}


def _chart(panel: Panel, stage: str, metric: str, binding: dict[str, str], frames: Frames) -> Curves:
    series = []
    for place, (label, by_stage) in enumerate(frames.items()):
        columns = [frame[metric].dropna() for frame in by_stage.get(stage, []) if metric in frame]
        if any(len(column) for column in columns):
            series.append({"name": label, "tone": f"tone-{place + 1}", **band(columns)})
    title = fill(panel.title, {key: value.replace("_", " ") for key, value in binding.items()})
    # A title that does not tell two metrics apart gets the metric's name; see _distinct.
    refs = _baselines(fill(panel.baseline, binding), stage, frames) if panel.baseline else []
    spec = {"kind": "line", "y": axis(panel.y), "series": series, "refs": refs, "metric": metric, "stage": stage}
    return Curves(panel.section, title, panel.help.partition("; the band")[0].rstrip(".") + ".", spec, panel.wide)


def _baselines(pattern: str, stage: str, frames: Frames) -> list[dict[str, Any]]:
    """The baselines whose value is the same in every run, which is so where all are held to the same questions."""
    every = [frame for by_stage in frames.values() for frame in by_stage.get(stage, [])]
    refs = []
    for metric, values in sorted(match(pattern, _names(stage, frames)).items()):
        columns = [frame[metric].dropna() for frame in every if metric in frame]
        last = {float(f"{column.iloc[-1]:.6g}") for column in columns if len(column)}
        if len(last) == 1:
            refs.append({"name": values["baseline"].replace("_", " "), "value": last.pop()})
    return refs


def _distinct(charts: list[Curves]) -> list[Curves]:
    """The charts with titles of their own: where they are the same, with the metric, the stage, or both."""
    made = []
    for chart in charts:
        same = [one.spec for one in charts if one.title == chart.title]
        telling = [key for key in ("metric", "stage") if len({spec[key] for spec in same}) > 1]
        title = chart.title + (f" ({', '.join(chart.spec[key] for key in telling)})" if telling else "")
        made.append(Curves(chart.section, title, chart.help, chart.spec, chart.wide))
    return made


def band(columns: list[pd.Series]) -> dict[str, list[Any]]:
    """The mean over seeds at each step that any of them has recorded, with the lowest and the highest of them.

    Args:
        columns: one per seed, indexed by step. Long ones are smoothed first, each by itself, so that the band shows
            how the seeds differ and not how much a step does.

    Returns:
        ``x``, ``y`` (the mean), and with more than one seed ``lo`` and ``hi``; None where nothing was recorded.
    """
    smooth = [_smoothed(column) for column in columns]
    table = pd.concat(smooth, axis=1).sort_index().dropna(how="all")
    if len(table) > POINTS:
        table = table.iloc[np.unique(np.linspace(0, len(table) - 1, POINTS).round().astype(int))]
    drawn: dict[str, list[Any]] = {"x": [int(step) for step in table.index], "y": _list(table.mean(axis=1))}
    if len(columns) > 1:
        drawn |= {"lo": _list(table.min(axis=1)), "hi": _list(table.max(axis=1))}
    return drawn


def _smoothed(column: pd.Series) -> pd.Series:
    column = column.where(np.isfinite(column))
    if len(column) < SMOOTH_FROM:
        return column
    return column.rolling(max(5, len(column) // 25), center=True, min_periods=1).mean()


def _list(values: pd.Series) -> list[float | None]:
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]
