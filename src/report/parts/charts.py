"""Turn the panel list and a run's metric names into charts: plain data that says what to draw, not yet the numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from src.record.metric_names import metric_words
from src.record.metrics_log import Series
from src.report.parts.dashboard import Axis, Dashboard, Panel, fill, match

OTHER = "Other"


@dataclass(frozen=True)
class Chart:
    """One drawing: its place, its words, and ``spec``, which the page's script draws.

    Args:
        spec: kind, y (the axis), series [{name, metric, spread}], refs [{name, metric}], and where it is so: total,
            smooth (false), stages (those that it is about).
    """

    section: str
    title: str
    help: str
    spec: dict[str, Any]
    wide: bool = False


def build_charts(
    dashboard: Dashboard, recorded: Mapping[str, Iterable[str]], trainers: Mapping[str, str]
) -> tuple[list[Chart], list[str]]:
    """Return the charts in the order of the panel list, then one for each metric that no panel claims.

    Args:
        recorded: the metrics of each stage of a run, by the stage's name.
        trainers: each stage's trainer. Also returns the titles of the panels of which the run has no metric.
    """
    by_stage = {stage: list(names) for stage, names in recorded.items()}
    names = list(dict.fromkeys(name for own in by_stage.values() for name in own))
    charts: list[Chart] = []
    absent: list[str] = []
    claimed: set[str] = set()
    for panel in sorted(dashboard.panels, key=lambda panel: panel.rest):  # stable: the rest comes last
        about = [stage for stage in by_stage if panel.trainer in (None, trainers.get(stage))]
        of_panel = {name for stage in about for name in by_stage[stage]}
        free = [name for name in names if name in of_panel and not (panel.rest and name in claimed)]
        made = _draw(panel, free, claimed)
        if panel.trainer is not None:
            for chart in made:
                chart.spec["stages"] = about
        charts.extend(made)
        if not made and not panel.optional:
            absent.append(re.sub(r"\W*( on )?\{.*", "", panel.title))
    for name in sorted(name for name in names if name not in claimed):
        charts.append(_chart(Panel(OTHER, name, [name]), {name: {}}, names, claimed))
    rank = {name: place for place, name in enumerate([*(section.name for section in dashboard.sections), OTHER])}
    return sorted(charts, key=lambda chart: rank[chart.section]), absent


def omissions(dashboard: Dashboard, recorded: Mapping[str, Mapping[str, Series]]) -> dict[str, str]:
    """Return the metrics that are not to be drawn, each with the reason.

    Args:
        recorded: stage -> metric -> series.
    """
    found: dict[str, str] = {}
    for one in dashboard.omitted:
        for metrics in recorded.values():
            found |= {name: one.why for pattern in one.metrics for name in match(pattern, metrics)}
        for metrics in recorded.values():
            for name, series in metrics.items():
                if found.get(name) == one.why and np.nanmax(np.abs(series.values), initial=0.0) > one.within:
                    del found[name]
    return found


def _draw(panel: Panel, names: Sequence[str], claimed: set[str]) -> list[Chart]:
    found: dict[str, dict[str, str]] = {}
    for pattern in panel.metrics:
        found.update(match(pattern, names))
    groups: dict[tuple[str, ...], dict[str, dict[str, str]]] = {}
    for name, binding in found.items():
        groups.setdefault(tuple(binding[key] for key in panel.each), {})[name] = binding
    return [_chart(panel, members, names, claimed) for members in groups.values()]


def _chart(panel: Panel, members: Mapping[str, Mapping[str, str]], names: Sequence[str], claimed: set[str]) -> Chart:
    shared = {key: next(iter(members.values()))[key] for key in panel.each}
    series: list[dict[str, str]] = []
    for name, binding in members.items():
        one = {"name": _label(panel, name, binding, single=len(members) == 1), "metric": name}
        spread = fill(panel.spread, binding) if panel.spread and (binding or not series) else None
        if spread and spread in names:
            one["spread"] = spread
        series.append(one)
        claimed.update(filter(None, (name, spread)))
    lines = match(fill(panel.baseline, shared), names) if panel.baseline else {}
    claimed.update(lines)
    spec: dict[str, Any] = {
        "kind": panel.kind,
        "y": axis(panel.y),
        "series": series,
        "refs": [{"name": in_words(values["baseline"]), "metric": name} for name, values in lines.items()],
    }
    if not panel.smooth:
        spec["smooth"] = False
    if panel.total in names:
        spec["total"] = panel.total
        claimed.add(str(panel.total))
    spoken = {key: metric_words(value) if key == "metric" else in_words(value) for key, value in shared.items()}
    title = fill(panel.title, spoken)
    return Chart(panel.section, title, panel.help, spec, panel.wide)


def _label(panel: Panel, metric: str, binding: Mapping[str, str], *, single: bool) -> str:
    own = [in_words(value) for key, value in binding.items() if key not in panel.each]
    if own:
        return " ".join(own)
    if single and not panel.each:
        return panel.title
    return panel.labels.get(metric) or (in_words(panel.y.label) if single and panel.y.label else metric)


def in_words(name: str) -> str:
    """Return a part of a metric's name as it reads in a title."""
    return name.replace("_", " ")


def axis(y: Axis) -> dict[str, Any]:
    """Return an axis as JSON data without its unset fields."""
    return {key: value for key, value in asdict(y).items() if value is not None}
