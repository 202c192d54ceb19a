"""What stands where, for both renderers: which channels share an axis, what it shows, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.tasks.plots.series import Drawable, Floats
from src.tasks.plots.settings import PlotSettings

Range = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One axis.

    Args:
        channels: their places in the series.
        y_text: beside it.
        shown: its lowest and highest value.
        legend: the channels' names, where they are not said elsewhere.
    """

    channels: Sequence[int]
    y_text: str
    shown: Range
    legend: Sequence[str] = ()


def panels_of(series: Drawable, settings: PlotSettings) -> list[Panel]:
    """One panel, or one for each channel; each has its own range unless ``settings.y_range`` gives one to all."""
    everything, names = range(len(series.values)), series.names
    groups = [[channel] for channel in everything] if settings.panels else [list(everything)]
    found = []
    for channels in groups:
        own = names[channels[0]] if names and len(channels) == 1 else ""
        label = (own or settings.y_label) if settings.panels else (settings.y_label or own)
        shown = settings.y_range or _spread(series.values[channels], settings.margin)
        legend = names if settings.axes and len(channels) > 1 else ()
        found.append(Panel(channels, _with_unit(label, settings.unit), (shown[0], shown[1]), legend))
    return found


def _with_unit(label: str, unit: str) -> str:
    return f"{label} ({unit})" if label and unit else label or unit


def x_range(series: Drawable, settings: PlotSettings) -> Range:
    """The positions shown; without axes the line goes from edge to edge."""
    return _spread(series.x, settings.margin if settings.axes else 0.0)


def _spread(values: Floats, margin: float) -> Range:
    """From the lowest to the highest value with a margin on both sides; one value stands in the middle."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if high - low <= max(abs(low), abs(high)) * 1e-12 + 1e-300:
        room = abs(low) * 0.05 or 0.05
        return low - room, high + room
    return low - (high - low) * margin, high + (high - low) * margin
