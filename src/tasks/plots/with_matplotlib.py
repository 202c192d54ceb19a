"""The faithful renderer: matplotlib's object face, as the figures of papers are made, at ten times the price of Pillow.

Without pyplot, which keeps figures and a global state. Plots of arXiv 2506.13705 are made with 6 x 2.5 inches and cut
to what is drawn, which gives pictures of about 580 x 230 pixels, from 571 to 589 wide by the length of their tick
labels. Here the size is given and the layout fills it: the same look, and one price in tokens.
"""

from __future__ import annotations

import warnings
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from src.errors import DataError
from src.tasks.plots.letters import fitting
from src.tasks.plots.panels import Panel, panels_of, x_range
from src.tasks.plots.series import Drawable
from src.tasks.plots.settings import PlotSettings
from src.tasks.plots.thinning import keep_extremes

_DOTS = 100  # an inch, matplotlib's own
_POINTS = 72 / _DOTS  # that a pixel has
_EDGE = 5  # free pixels around what is drawn: matplotlib's padding, cut tight, of 0.05 inches


def render(series: Drawable, settings: PlotSettings) -> bytes:
    """The picture as a PNG file.

    Raises:
        DataError: there is no room for axes and labels.
    """
    with style.context("default"):  # a user's matplotlibrc does not change data
        size = (settings.width / _DOTS, settings.height / _DOTS)
        figure = Figure(figsize=size, dpi=_DOTS, facecolor=settings.background)
        canvas = FigureCanvasAgg(figure)
        panels = panels_of(series, settings)
        axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for panel, axis in zip(panels, axes, strict=True):
            _draw(axis, panel, series, settings)
        words, room = (
            settings.font_size,
            0.8 * settings.width,
        )  # centred over the axes, which begin to the right of the labels
        axes[-1].set_xlabel(settings.x_label, fontsize=fitting(settings.x_label, words, room) * _POINTS)
        axes[0].set_title(settings.title, fontsize=fitting(settings.title, words * 9 / 8, room) * _POINTS)
        _lay_out(figure, settings)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())
    file = BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "PNG")
    return file.getvalue()


def _draw(axis: Axes, panel: Panel, series: Drawable, settings: PlotSettings) -> None:
    font, width = settings.font_size * _POINTS, settings.line_width * _POINTS
    x = (series.x * 1e6).astype("datetime64[us]") if series.dates else series.x
    for place, channel in enumerate(panel.channels):
        y = series.values[channel]
        kept = keep_extremes(y, 4 * settings.width)
        colour = settings.colours[channel % len(settings.colours)]
        name = panel.legend[place] if panel.legend else None
        axis.plot(x[kept], y[kept], color=colour, linewidth=width, label=name)
        known = np.isfinite(y)
        alone = known & ~np.append(False, known[:-1]) & ~np.append(known[1:], False)
        axis.plot(x[alone], y[alone], color=colour, linestyle="", marker="o", markersize=2 * width)
    low, high = x_range(series, settings)
    if series.dates:
        low, high = ((np.array([low, high]) * 1e6).astype("datetime64[us]")).tolist()
        locator = AutoDateLocator()
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    elif not (series.x % 1).any():
        axis.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10], integer=True))
    axis.set_xlim(low, high)
    axis.set_ylim(*panel.shown)
    axis.set_facecolor(settings.background)
    room = 0.75 * settings.height / (len(series.values) if settings.panels else 1)
    axis.set_ylabel(panel.y_text, fontsize=fitting(panel.y_text, settings.font_size, room) * _POINTS)
    axis.tick_params(labelsize=font * 7 / 8)
    axis.xaxis.get_offset_text().set_fontsize(font * 7 / 8)
    axis.yaxis.get_offset_text().set_fontsize(font * 7 / 8)
    axis.grid(settings.grid)
    if panel.legend:
        axis.legend(fontsize=font * 7 / 8, loc="best")
    if not settings.axes:
        axis.set_axis_off()


def _lay_out(figure: Figure, settings: PlotSettings) -> None:
    """Fill the picture."""
    if not settings.axes:
        figure.subplots_adjust(left=0, right=1, bottom=0, top=0.86 if settings.title else 1, hspace=0)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.tight_layout(pad=_EDGE * _POINTS / mpl.rcParams["font.size"])
    if caught:
        raise DataError(
            f"{settings.width} x {settings.height} pixels leave no room for the axes: raise dataset.plot.height and "
            "dataset.plot.width, or set dataset.plot.axes=false"
        )
