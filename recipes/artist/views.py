"""How a series is shown: the overview, which the controller gets, and segments, which the reasoner gets.

An overview has fewer values than a long series, so that looking closer tells what it does not. Three views:

* ``text``: numbers from 0, the series' lowest value, to 999, its highest; of an overview the lowest and the highest of
  every bin, of a segment its values, or, where they are too many, means of equally many steps, which is said;
* ``image``: the same as plots;
* ``letters``: for a model of a million weights: bins named A, B, C, ..., their steps a, b, c, ..., values of one digit,
  and each name right behind its value, where such a model finds it.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recipes.artist.question import LEAST_STEPS, Floats, Interval, Question
from src.errors import DataError
from src.tasks.plots import PlotSettings, draw

VIEWS = ("text", "image", "letters")
IMAGE = "<image>"
_TOP = 999  # the highest value as text shows it
_BINS, _STEPS = string.ascii_uppercase, string.ascii_lowercase


@dataclass
class ViewSettings:
    """What the model sees.

    Args:
        view: ``text``, ``image`` or ``letters``.
        bins: of an overview at most.
        segment_values: of a segment at most; a longer one is shown as means.
        include_full_series: a session begins with the whole series as its first segment, as the released code's does.
        plot: of ``image``.
    """

    view: str = "text"
    bins: int = 256
    segment_values: int = 256
    include_full_series: bool = False
    plot: PlotSettings = field(default_factory=PlotSettings)

    def __post_init__(self) -> None:
        """Refuse what cannot be shown.

        Raises:
            DataError: it names the key and the fix.
        """
        if self.view not in VIEWS:
            raise DataError(f"dataset.view.view is '{self.view}': set it to {', '.join(VIEWS)}")
        most = len(_BINS) if self.view == "letters" else 256
        if not 2 <= self.bins <= most:
            raise DataError(f"dataset.view.bins is {self.bins}: set it to 2 up to {most}")
        if self.segment_values < LEAST_STEPS:
            raise DataError(f"dataset.view.segment_values is {self.segment_values}: set it to at least {LEAST_STEPS}")


@dataclass(frozen=True)
class Shown:
    """Words of a prompt, and the PNG files that their ``<image>`` stand for."""

    text: str
    images: tuple[bytes, ...] = ()


def span(length: int, bins: int) -> int:
    """How many steps a bin of an overview has; the last may have fewer."""
    return math.ceil(length / bins)


def pooled(values: Floats, steps: int) -> tuple[Floats, Floats]:
    """The lowest and the highest value of every bin of so many steps."""
    starts = np.arange(0, len(values), steps)
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def overview(question: Question, settings: ViewSettings) -> Shown:
    """The whole series at the resolution of the overview."""
    if settings.view == "letters":
        return Shown(_letters_overview(question, settings))
    values, steps = question.series, span(question.length, settings.bins)
    lines = [f"Overview of steps [0, {question.length}). {statistics(values)}"]
    if steps > 1:
        count = math.ceil(question.length / steps)
        lines.append(
            f"It has {count} bins of {steps} steps each: bin i covers steps [{steps} * i, {steps} * (i + 1)). Of each "
            "bin only the lowest and the highest value are shown, not what happens inside."
        )
    low, high = pooled(values, steps)
    if settings.view == "image":
        series = {"highest of bin": high, "lowest of bin": low} if steps > 1 else {"value": values}
        at: Floats = np.arange(len(low), dtype=np.float64) * steps
        return Shown("\n".join([*lines, IMAGE]), (_plot(question, series, at, settings),))
    lines.append(_scale(values))
    if steps > 1:
        lines += [f"Lowest: {_numbers(low, values)}", f"Highest: {_numbers(high, values)}"]
    else:
        lines.append(f"Values: {_numbers(values, values)}")
    return Shown("\n".join(lines))


def segment(question: Question, place: int, where: Interval, settings: ViewSettings) -> Shown:
    """One segment at the finest resolution that fits.

    Args:
        place: among the segments of the session, from 0.
        where: half-open, inside the series.
    """
    start, end = where
    if settings.view == "letters":
        return Shown(_letters_segment(question, where, settings))
    inside = question.series[start:end]
    factor = span(len(inside), settings.segment_values)
    said = f"Segment {place + 1}: steps [{start}, {end})"
    if settings.view == "image":
        at = np.arange(start, end, dtype=np.float64)
        return Shown(f"{said}\n{IMAGE}", (_plot(question, {"value": inside}, at, settings),))
    if factor > 1:
        said += f", each value the mean of {factor} steps"
    return Shown(f"{said}\n{_numbers(_means(inside, factor), question.series)}")


def segments(question: Question, found: Sequence[Interval], settings: ViewSettings) -> Shown:
    """All segments of a session so far, in the order in which they were read."""
    shown = [segment(question, place, where, settings) for place, where in enumerate(found)]
    first = [] if settings.view != "text" else [_scale(question.series)]
    texts = "\n".join([*first, *(one.text for one in shown)])
    return Shown(texts, tuple(image for one in shown for image in one.images))


def named(question: Question, where: Interval, settings: ViewSettings) -> str:
    """What a segment is called where its values are not shown."""
    if settings.view == "letters":
        steps = span(question.length, settings.bins)
        return _BINS[where[0] // steps : (where[1] - 1) // steps + 1]
    return f"steps [{where[0]}, {where[1]}), {where[1] - where[0]} of them"


def statistics(values: Floats) -> str:
    """The line of statistics, of a whole series; the same for the same values in any order."""
    values = np.sort(values)
    mean, deviation, low, high = (f"{one:.4g}" for one in (values.mean(), values.std(), values.min(), values.max()))
    return f"Mean {mean}, standard deviation {deviation}, lowest {low}, highest {high}."


def _scale(values: Floats) -> str:
    return (
        f"Values are scaled: 0 is the lowest value of the whole series, {values.min():.4g}, and {_TOP} its highest, "
        f"{values.max():.4g}."
    )


def _numbers(values: Floats, whole: Floats) -> str:
    low, high = whole.min(), whole.max()
    scaled = np.zeros(len(values)) if high == low else (values - low) / (high - low) * _TOP
    return " ".join(str(int(one)) for one in np.rint(scaled))


def _means(values: Floats, factor: int) -> Floats:
    starts = np.arange(0, len(values), factor)
    counts = np.minimum(starts + factor, len(values)) - starts
    return np.add.reduceat(values, starts) / counts


def _plot(question: Question, series: dict[str, Floats], at: Floats, settings: ViewSettings) -> bytes:
    """All of a session's plots have the range of the whole series, so that they can be compared."""
    low, high = float(question.series.min()), float(question.series.max())
    room = 0.05 * (high - low) or 0.05 * abs(low) or 0.05
    return draw(series, replace(settings.plot, y_range=[low - room, high + room]), x=at)


def _letters_overview(question: Question, settings: ViewSettings) -> str:
    steps = span(question.length, settings.bins)
    low, high = pooled(question.series, steps)
    return f"Highest: {_behind(high, _BINS)}\nLowest: {_behind(low, _BINS)}"


def _letters_segment(question: Question, where: Interval, settings: ViewSettings) -> str:
    """A line for each bin that the segment touches, with those of its steps that it covers."""
    steps, lines = span(question.length, settings.bins), []
    if steps > len(_STEPS):
        raise DataError(f"a bin of {steps} steps has more than letters can name: use dataset.view.view=text")
    for place in range(where[0] // steps, (where[1] - 1) // steps + 1):
        start, end = max(where[0], place * steps), min(where[1], (place + 1) * steps)
        lines.append(f"{_BINS[place]}: {_behind(question.series[start:end], _STEPS[start - place * steps :])}")
    return "\n".join(lines)


def _behind(values: Floats, names: str) -> str:
    """Each name right behind its value."""
    return "".join(f"{int(value)}{name}" for value, name in zip(values, names, strict=False))
