"""Turn the panel list and a run's metric names into charts: plain data that says what to draw, not yet the numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from src.report.parts.dashboard import Axis, Dashboard, Panel, fill, match

OTHER = "Other"


@dataclass(frozen=True)
class Chart:
    """One drawing: its place, its words, and `spec`, which the page's script draws.

    spec: kind, y (the axis), series [{name, metric, spread}], refs [{name, metric}], total.
    """

    section: str
    title: str
    help: str
    spec: dict[str, Any]
    wide: bool = False


def build_charts(dashboard: Dashboard, metrics: Iterable[str]) -> tuple[list[Chart], list[str]]:
    """Return the charts in the order of the panel list, then one for each metric that no panel claims.

    metrics: the names that a run has recorded, in any of its stages.
    Also returns the titles of the panels of which the run has no metric.
    """
    names = list(dict.fromkeys(metrics))
    charts: list[Chart] = []
    absent: list[str] = []
    claimed: set[str] = set()
    for panel in sorted(dashboard.panels, key=lambda panel: panel.rest):  # stable: the rest comes last
        made = _draw(panel, [name for name in names if not (panel.rest and name in claimed)], claimed)
        charts.extend(made)
        if not made and not panel.optional:
            absent.append(re.sub(r"\W*( on )?\{.*", "", panel.title))
    for name in sorted(name for name in names if name not in claimed):
        charts.append(_chart(Panel(OTHER, name, [name]), {name: {}}, names, claimed))
    rank = {name: place for place, name in enumerate([*(section.name for section in dashboard.sections), OTHER])}
    return sorted(charts, key=lambda chart: rank[chart.section]), absent


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
    if panel.total in names:
        spec["total"] = panel.total
        claimed.add(str(panel.total))
    title = fill(panel.title, {key: in_words(value) for key, value in shared.items()})
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
