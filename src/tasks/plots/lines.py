"""Smooth lines with Pillow, which draws hard ones."""

import numpy as np
from PIL import Image, ImageDraw

from src.tasks.plots.panels import Range
from src.tasks.plots.series import Floats
from src.tasks.plots.thinning import keep_extremes

_FINER = 3  # lines are drawn this many times larger and reduced: smooth, and as wide as fractions of pixels


def covered(
    x: Floats, y: Floats, x_range: Range, y_range: Range, size: tuple[int, int], line_width: float
) -> Image.Image:
    """How much of each pixel of a panel a line covers, 0 to 255.

    Args:
        x: (N,) positions.
        y: (N,) values; NaN are gaps, and a value between two gaps is a dot.
        x_range: what stands at the left and at the right edge.
        y_range: what stands at the lower and at the upper edge.
        size: of the panel in pixels.
        line_width: in pixels.
    """
    kept = keep_extremes(y, 4 * size[0])
    wide, high = size[0] * _FINER, size[1] * _FINER
    across = (x[kept] - x_range[0]) / (x_range[1] - x_range[0]) * (wide - 1)
    down = (y_range[1] - y[kept]) / (y_range[1] - y_range[0]) * (high - 1)
    down = np.clip(down, -high, 2 * high)  # a fixed range may leave values far outside
    large = Image.new("L", (wide, high))
    pen, thick = ImageDraw.Draw(large), max(1, round(line_width * _FINER))
    known = np.flatnonzero(np.isfinite(down))
    for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        if len(run) > 1:
            pen.line(np.column_stack((across[run], down[run])).ravel().tolist(), fill=255, width=thick)
        elif len(run):
            middle, level = across[run[0]], down[run[0]]
            pen.ellipse((middle - thick, level - thick, middle + thick, level + thick), fill=255)
    return large.reduce(_FINER)
