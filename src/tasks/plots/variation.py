"""Variation in style, so that a model learns to read series and not one way of drawing them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from src.tasks.plots.settings import PlotSettings


def varied(settings: PlotSettings, seed: int | Sequence[int]) -> PlotSettings:
    """Other line widths, letters, margins, shades and grids; size, words, background and ``y_range`` stay.

    Channels keep their order of colours, in other shades: a colour may be all that tells which channel a line is.
    """
    draw, far = np.random.default_rng(seed), settings.vary
    line, letters = (float(one) for one in 2.0 ** (far * draw.uniform(-1, 1, 2) * (1.0, 0.25)))
    most = min(settings.width, settings.height) / 8 if settings.axes else 48.0
    shade = far * draw.uniform(-1, 1, 3)
    return replace(
        settings,
        line_width=min(max(settings.line_width * line, 0.5), 20.0),
        font_size=min(max(settings.font_size * letters, 6.0), 48.0, most),
        margin=min(settings.margin + far * float(draw.uniform(0, 0.2)), 1.0),
        grid=settings.grid != bool(draw.uniform() < far / 2),
        colours=[_shaded(one, shade) for one in settings.colours],
    )


def _shaded(colour: str, shade: np.ndarray) -> str:
    """Each of red, green and blue moved by up to a quarter of its range."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    moved = np.clip(np.array(parts) + np.rint(64 * shade), 0, 255).astype(int)
    return "#" + "".join(f"{part:02x}" for part in moved)
