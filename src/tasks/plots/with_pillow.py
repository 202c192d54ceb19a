"""The fast renderer: Pillow, a few milliseconds a picture."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw

from src.errors import DataError
from src.tasks.plots.letters import Letters, fitting, height, letters
from src.tasks.plots.lines import covered
from src.tasks.plots.panels import Panel, panels_of, x_range
from src.tasks.plots.series import Drawable
from src.tasks.plots.settings import PlotSettings
from src.tasks.plots.ticks import Ticks, round_dates, round_numbers

_INK, _GRID = "#000000", "#d9d9d9"
_PAD = 4  # free pixels at the picture's edges and between its parts
_TICK = 3  # pixels
_SWATCH = 14  # pixels of line in the legend


class _Box(NamedTuple):
    """A part of the picture in pixels; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int


def render(series: Drawable, settings: PlotSettings) -> bytes:
    """The picture as a PNG file.

    Raises:
        DataError: there is no room for the panels.
    """
    picture = _Picture(series, settings)
    picture.fill()
    file = BytesIO()
    picture.image.save(file, "PNG")
    return file.getvalue()


class _Picture:
    """One picture while it is drawn."""

    def __init__(self, series: Drawable, settings: PlotSettings) -> None:
        self.series, self.settings = series, settings
        self.panels = panels_of(series, settings)
        self.x_range = x_range(series, settings)
        self.image = Image.new("RGB", (settings.width, settings.height), settings.background)
        self.pen = ImageDraw.Draw(self.image)
        self.plain, self.small, self.large = (letters(settings.font_size * part) for part in (1, 7 / 8, 9 / 8))

    def fill(self) -> None:
        """Draw everything: title, legend, panels."""
        settings, top = self.settings, 0
        if settings.title:
            fitted = self._fitted(settings.title, self.large, settings.width)
            self.pen.text((settings.width / 2, _PAD), settings.title, _INK, fitted, anchor="ma")
            top = height(self.large) + _PAD
        if settings.axes and self.panels[0].legend:
            top = self._legend(self.panels[0].legend, top)
        if settings.axes:
            self._framed(top + _PAD)
            return
        for panel, box in zip(self.panels, self._rows(top, settings.height, 0), strict=True):
            self._lines(panel, box)

    def _rows(self, top: int, bottom: int, gap: int) -> list[_Box]:
        """The room of each panel, over the whole width."""
        count = len(self.panels)
        high = (bottom - top - gap * (count - 1)) // count
        if high < 8:
            raise DataError(f"there is no room for {count} panel(s): raise dataset.plot.height={self.settings.height}")
        tops = [top + place * (high + gap) for place in range(count)]
        return [_Box(0, one, self.settings.width, one + high) for one in tops]

    def _framed(self, top: int) -> None:
        """Panels with frames, ticks and labels; they begin and end below each other."""
        settings, line = self.settings, height(self.small)
        bottom = settings.height - line - _TICK - 2
        if settings.x_label:
            fitted = self._fitted(settings.x_label, self.plain, settings.width)
            self.pen.text((settings.width / 2, settings.height - 1), settings.x_label, _INK, fitted, anchor="md")
            bottom -= height(self.plain)
        boxes = self._rows(top, bottom, line)
        high = boxes[0].bottom - boxes[0].top
        ticks = [round_numbers(*panel.shown, max(2, high // (2 * line))) for panel in self.panels]
        left = _TICK + _PAD + round(max(self.small.getlength(text) for _, texts in ticks for text in texts))
        if any(panel.y_text for panel in self.panels):
            left += height(self.plain) + 2
        boxes = [box._replace(left=left, right=settings.width - 2 * _PAD) for box in boxes]
        if boxes[0].right - left < 2 * line:
            raise DataError(f"there is no room for the axes: raise dataset.plot.width={settings.width}")
        apart = line * (7 if self.series.dates else 4)
        most = max(2, (boxes[0].right - left) // apart)
        whole = not (self.series.x % 1).any()
        below = (
            round_dates(*self.x_range, most) if self.series.dates else round_numbers(*self.x_range, most, whole=whole)
        )
        for panel, box, beside in zip(self.panels, boxes, ticks, strict=True):
            self._frame(panel, box, beside, below, written=box is boxes[-1])

    def _frame(self, panel: Panel, box: _Box, beside: Ticks, below: Ticks, *, written: bool) -> None:
        """One panel. ``written``: the ticks below it have their texts."""
        pen, (low, high), (first, last) = self.pen, panel.shown, self.x_range
        across = [box.left + (x - first) / (last - first) * (box.right - box.left - 1) for x in below[0]]
        down = [box.bottom - 1 - (y - low) / (high - low) * (box.bottom - box.top - 1) for y in beside[0]]
        if self.settings.grid:
            for x in across:
                pen.line((x, box.top, x, box.bottom), _GRID)
            for y in down:
                pen.line((box.left, y, box.right, y), _GRID)
        self._lines(panel, box)
        pen.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), outline=_INK)
        for y, text in zip(down, beside[1], strict=True):
            pen.line((box.left - _TICK, y, box.left, y), _INK)
            pen.text((box.left - _TICK - 2, y), text, _INK, self.small, anchor="rm")
        for x, text in zip(across, below[1], strict=True):
            pen.line((x, box.bottom, x, box.bottom + _TICK - 1), _INK)
            if written:
                half = self.small.getlength(text) / 2
                x = min(max(x, half), self.settings.width - half)  # within the picture
                pen.text((x, box.bottom + _TICK + 1), text, _INK, self.small, anchor="ma")
        self._beside(panel.y_text, box)

    def _beside(self, text: str, box: _Box) -> None:
        """Write upwards along the left edge, beside a panel."""
        if not text:
            return
        fitted = self._fitted(text, self.plain, box.bottom - box.top + height(self.small))
        size = (round(fitted.getlength(text)) + 2, height(self.plain))
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).text((1, 0), text, 255, fitted)
        turned = mask.transpose(Image.Transpose.ROTATE_90)
        self.image.paste(_INK, (1, max(0, (box.top + box.bottom - size[0]) // 2)), turned)

    def _legend(self, names: Sequence[str], top: int) -> int:
        """The channels' names with their colours, in as many lines as they need; returns where these end."""
        left, line, room = _PAD, height(self.small), self.settings.width - 2 * _PAD - _SWATCH - 3
        for place, name in enumerate(names):
            fitted = self._fitted(name, self.small, room)
            wide = _SWATCH + 3 + round(fitted.getlength(name))
            if left > _PAD and left + wide > self.settings.width:
                left, top = _PAD, top + line
            middle = top + line / 2
            self.pen.line((left, middle, left + _SWATCH, middle), self._colour(place), width=2)
            self.pen.text((left + _SWATCH + 3, middle), name, _INK, fitted, anchor="lm")
            left += wide + 3 * _PAD
        return top + line

    @staticmethod
    def _fitted(text: str, wanted: Letters, room: float) -> Letters:
        return letters(fitting(text, wanted.size, room - 2 * _PAD))

    def _lines(self, panel: Panel, box: _Box) -> None:
        """The channels of a panel, the later ones on top."""
        size, series = (box.right - box.left, box.bottom - box.top), self.series
        for channel in panel.channels:
            y, width = series.values[channel], self.settings.line_width
            mask = covered(series.x, y, self.x_range, panel.shown, size, width)
            self.image.paste(self._colour(channel), box[:2], mask)

    def _colour(self, channel: int) -> str:
        return self.settings.colours[channel % len(self.settings.colours)]
