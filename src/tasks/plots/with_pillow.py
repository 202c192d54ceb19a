"""The fast renderer: Pillow, a few milliseconds a picture."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from src.tasks.plots.series import Drawable, Floats
from src.tasks.plots.settings import PlotSettings

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two outside
_FINER = 3  # lines are drawn this many times larger and reduced: smooth, with fractions of pixels


def render(series: Drawable, settings: PlotSettings) -> bytes:
    """The picture as a PNG file."""
    picture = Image.new("RGB", (settings.width, settings.height), settings.background)
    for place, values in enumerate(series.values):
        box = (0, 0, settings.width, settings.height)
        mask = _line(series, values, series.y_range(series.values, settings.y_range), box, settings.line_width)
        picture.paste(settings.colours[place % len(settings.colours)], box[:2], mask)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _line(series: Drawable, values: Floats, shown: tuple[float, float], box: Box, width: float) -> Image.Image:
    """How much of each pixel in the box the line covers."""
    wide, high = box[2] - box[0], box[3] - box[1]
    large = Image.new("L", (wide * _FINER, high * _FINER))
    pen = ImageDraw.Draw(large)
    (left, right), (low, high_value) = series.x_range(), shown
    x = (series.x - left) / (right - left) * (wide * _FINER - 1)
    y = (high_value - values) / (high_value - low) * (high * _FINER - 1)
    thick = max(1, round(width * _FINER))
    known = np.flatnonzero(np.isfinite(y))
    for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        points = np.column_stack((x[run], y[run]))
        if len(points) == 1:
            (across, down), radius = points[0], thick
            pen.ellipse((across - radius, down - radius, across + radius, down + radius), fill=255)
        elif len(points):
            pen.line(points.ravel().tolist(), fill=255, width=thick)
    return large.reduce(_FINER)
