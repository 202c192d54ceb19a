"""The panel list: data from ``conf/dashboard/<name>.yaml``, checked, and matched against a run's metric names.

Every view of a run (the report, a live page, a workspace in W&B) is made from this list.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from src.errors import ConfigError

DASHBOARD = Path(__file__).resolve().parents[3] / "conf" / "dashboard" / "training.yaml"
KINDS = ("line", "stack")
FORMATS = ("number", "percent", "integer", "seconds", "scientific")
SCALES = ("linear", "auto")
TRAINERS = ("sft", "ppo")


@dataclass(frozen=True)
class Axis:
    """The vertical axis: its label with the unit, how numbers are written, and fixed limits if any."""

    label: str = ""
    format: str = "number"
    min: float | None = None
    max: float | None = None
    scale: str = "linear"


@dataclass(frozen=True)
class Panel:
    """One entry of the list; see the head of ``conf/dashboard/training.yaml`` for the fields."""

    section: str
    title: str
    metrics: list[str]
    kind: str = "line"
    help: str = ""
    y: Axis = Axis()
    spread: str | None = None
    baseline: str | None = None
    total: str | None = None
    each: list[str] = field(default_factory=list)
    optional: bool = False
    rest: bool = False
    wide: bool = False
    smooth: bool = True
    trainer: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A group of panels under one heading."""

    name: str
    help: str = ""


@dataclass(frozen=True)
class Omission:
    """Metrics that are not drawn, and why; with ``within``, only where no value is further from zero than that."""

    metrics: list[str]
    why: str
    within: float = math.inf


@dataclass(frozen=True)
class Dashboard:
    """An ordered list of panels, and the order of their sections; ``omitted`` is what would mislead."""

    title: str
    sections: list[Section]
    panels: list[Panel]
    omitted: list[Omission] = field(default_factory=list)


def load_dashboard(path: Path = DASHBOARD) -> Dashboard:
    """Read and check a panel list. Raises ConfigError that names the entry at fault."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        dashboard = Dashboard(
            title=raw["title"],
            sections=[Section(**section) for section in raw["sections"]],
            panels=[_panel(entry) for entry in raw["panels"]],
            omitted=[Omission(**entry) for entry in raw.get("omitted", [])],
        )
    except OSError as error:
        raise ConfigError(f"The panel list {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(f"The panel list {path} is malformed: {error}") from error
    names = [section.name for section in dashboard.sections]
    for panel in dashboard.panels:
        for field_name, value, allowed in (
            ("section", panel.section, names),
            ("kind", panel.kind, KINDS),
            ("y.format", panel.y.format, FORMATS),
            ("y.scale", panel.y.scale, SCALES),
            ("trainer", panel.trainer, (*TRAINERS, None)),
        ):
            if value not in allowed:
                raise ConfigError(
                    f"Panel '{panel.title}' of {path.name}: {field_name} is '{value}', "
                    f"but must be one of {', '.join(filter(None, allowed))}."
                )
        for placeholder, metric in product(panel.each, panel.metrics):
            if f"{{{placeholder}}}" not in metric:
                raise ConfigError(
                    f"Panel '{panel.title}' of {path.name}: each names '{placeholder}', "
                    f"but the metric {metric} has no {{{placeholder}}}."
                )
    return dashboard


def _panel(entry: Mapping[str, Any]) -> Panel:
    axis = entry.get("y")
    return Panel(**{**entry, "y": Axis(**axis) if axis else Axis()})


def as_regex(pattern: str) -> str:
    """Return the regular expression of a metric pattern, with a named group for each placeholder."""
    parts = re.split(r"\{(\w+)\}", pattern)
    return "".join(f"(?P<{part}>[^/]+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))


def match(pattern: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the names that ``pattern`` fits, each with what its ``{...}`` stand for (one path segment each).

    >>> match("val/{dataset}/mse", ["val/etth1/mse", "val/etth1/mae"])
    {'val/etth1/mse': {'dataset': 'etth1'}}
    """
    regex = re.compile(as_regex(pattern))
    return {name: found.groupdict() for name in names if (found := regex.fullmatch(name))}


def fill(template: str, binding: Mapping[str, str]) -> str:
    """Put the values of ``binding`` into ``template``, leaving other placeholders as they are."""
    for name, value in binding.items():
        template = template.replace(f"{{{name}}}", value)
    return template
