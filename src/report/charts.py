"""Turn a panel list and a run's series into charts: plain data that the page's script draws."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.report.dashboard import Axis, Dashboard, Panel, fill, match
from src.report.decimate import bucket_means, keep_extremes, rolling_mean
from src.report.loading import RunRecord, Series

POINTS = 400  # points kept of a series: about one per pixel of a panel
SMOOTH_FROM = 40  # shorter series are drawn as they are
OTHER = "Other"

Metrics = Mapping[str, Series]


@dataclass(frozen=True)
class Chart:
    """One drawing: its place and words, the last value of its first series, and the data to draw (JSON)."""

    section: str
    title: str
    help: str
    last: float
    spec: dict[str, Any]
    wide: bool = False


def build_charts(dashboard: Dashboard, record: RunRecord) -> tuple[list[Chart], list[str]]:
    """Return the charts in the order of the panel list, then one for each metric that no panel claims.

    Also returns the titles of the panels of which the run has no metric.
    """
    charts: list[Chart] = []
    absent: list[str] = []
    claimed: dict[str, set[str]] = {stage: set() for stage in record.metrics}
    for panel in dashboard.panels:
        drawn = {stage: _draw(panel, metrics, claimed[stage]) for stage, metrics in record.metrics.items()}
        found = [stage for stage, made in drawn.items() if made]
        for stage in found:
            charts.extend(_named(chart, stage if len(found) > 1 else "") for chart in drawn[stage])
        if not found and not panel.optional:
            absent.append(re.sub(r"\W*( on )?\{.*", "", panel.title))
    for stage, metrics in record.metrics.items():
        for name in metrics.keys() - claimed[stage]:
            panel = Panel(section=OTHER, title=name, metrics=[name], help=f"stage {stage}")
            charts.append(_line(panel, {name: {}}, metrics, {}, set()))
    known = [section.name for section in dashboard.sections]
    rank = {name: place for place, name in enumerate([*known, OTHER])}
    # the sort is stable: within a section the order of the list stays; unclaimed metrics go by name
    return sorted(charts, key=lambda c: (rank[c.section], c.title if c.section == OTHER else "")), absent


def _named(chart: Chart, stage: str) -> Chart:
    if not stage:
        return chart
    return replace(chart, title=f"{chart.title} ({stage})")


def _draw(panel: Panel, metrics: Metrics, claimed: set[str]) -> list[Chart]:
    found: dict[str, dict[str, str]] = {}
    for pattern in panel.metrics:
        found.update(match(pattern, metrics))
    claimed.update(found)
    if not found:
        return []
    if panel.kind == "stack":
        return [_stack(panel, list(found), metrics, claimed)]
    if panel.kind == "line":
        return [_line(panel, found, metrics, {}, claimed)]
    return [_line(panel, {name: {}}, metrics, binding, claimed) for name, binding in found.items()]


def _line(
    panel: Panel,
    found: Mapping[str, Mapping[str, str]],
    metrics: Metrics,
    binding: Mapping[str, str],
    claimed: set[str],
) -> Chart:
    series = []
    for position, name in enumerate(found):
        spread_name = fill(panel.spread, binding) if panel.spread and position == 0 else None
        spread = metrics.get(spread_name) if spread_name else None
        if spread_name:
            claimed.add(spread_name)
        series.append({"name": _label(panel, name, single=len(found) == 1), **_points(metrics[name], spread)})
    refs = []
    for name, values in match(fill(panel.baseline, binding), metrics).items() if panel.baseline else ():
        claimed.add(name)
        refs.append({"name": values["baseline"].replace("_", " "), "value": last(metrics[name])})
    title = fill(panel.title, {key: value.replace("_", " ") for key, value in binding.items()})
    spec = {"kind": "line", "y": axis(panel.y), "series": series, "refs": refs}
    return Chart(panel.section, title, panel.help, last(metrics[next(iter(found))]), spec, panel.wide)


def _stack(panel: Panel, names: list[str], metrics: Metrics, claimed: set[str]) -> Chart:
    steps = np.unique(np.concatenate([metrics[name].steps for name in names]))
    columns = [_aligned(metrics[name], steps) for name in names]
    labels = [_label(panel, name, single=False) for name in names]
    if panel.total and panel.total in metrics:
        claimed.add(panel.total)
        rest = _aligned(metrics[panel.total], steps) - np.sum(columns, axis=0)
        if rest.max(initial=0.0) > 0:
            columns.append(np.maximum(rest, 0.0))
            labels.append("other")
    total = float(np.sum([column[-1] for column in columns]))
    steps, means = bucket_means(steps, np.array(columns), POINTS // 2)
    x = steps.tolist()
    layers = [{"name": name, "x": x, "y": y.tolist()} for name, y in zip(labels, means, strict=True)]
    spec = {"kind": "stack", "y": axis(panel.y), "series": layers, "refs": []}
    return Chart(panel.section, panel.title, panel.help, total, spec, panel.wide)


def _aligned(series: Series, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the series' values at `steps`; zero where it has none, as for a phase that did not run."""
    values = np.zeros(len(steps))
    values[np.searchsorted(steps, series.steps)[np.isin(series.steps, steps)]] = np.nan_to_num(
        series.values[np.isin(series.steps, steps)], nan=0.0
    )
    return values


def _points(series: Series, spread: Series | None) -> dict[str, Any]:
    index = keep_extremes(series.values, POINTS)
    drawn: dict[str, Any] = {"x": series.steps[index].tolist(), "y": series.values[index].tolist()}
    count = len(series.steps)
    if count >= SMOOTH_FROM:
        drawn["smooth"] = rolling_mean(series.values, max(5, count // 25))[index].tolist()
    if spread is not None:
        width = np.full(count, math.nan)
        shared, here, there = np.intersect1d(series.steps, spread.steps, return_indices=True)
        if len(shared):
            width[here] = spread.values[there]
        width = rolling_mean(width, max(5, count // 25)) if count >= SMOOTH_FROM else width
        middle = np.array(drawn.get("smooth", drawn["y"]), dtype=float)
        drawn["lo"] = (middle - width[index]).tolist()
        drawn["hi"] = (middle + width[index]).tolist()
    return drawn


def _label(panel: Panel, metric: str, *, single: bool) -> str:
    return panel.labels.get(metric) or (panel.title if single and "{" not in panel.title else metric)


def axis(y: Axis) -> dict[str, Any]:
    """Return an axis as JSON data without its unset fields."""
    return {key: value for key, value in asdict(y).items() if value is not None}


def last(series: Series) -> float:
    """Return the last finite value of a series, NaN if it has none."""
    finite = series.values[np.isfinite(series.values)]
    return float(finite[-1]) if len(finite) else math.nan
