"""What a scenario's sentence claims about a series, as numbers with limits that anyone can recompute.

A claim holds when its value lies within the limits, and clearly fails when the value is outside by a quarter of their
width; what lies between is undecided. A series is an array (n,) of the printed values; it begins at the start of a
cycle (midnight, a Monday, January), and a cycle has ``period`` steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MARGIN = 0.25
_SMALLEST = 1e-3  # below it a typical size has no logarithm worth naming


@dataclass(frozen=True)
class Claim:
    """One checkable statement. name: what it is about. measure: series, period -> value. words: what is claimed."""

    name: str
    measure: Callable[[Floats, int], float]
    low: float
    high: float
    words: str

    def holds(self, series: Floats, period: int) -> bool:
        return self.low <= self.measure(series, period) <= self.high

    def clearly_fails(self, series: Floats, period: int) -> bool:
        value, margin = self.measure(series, period), _MARGIN * (self.high - self.low)
        return bool(value < self.low - margin or value > self.high + margin)


def size(series: Floats, period: int) -> float:
    """log10 of the median."""
    return float(np.log10(max(float(np.median(series)), _SMALLEST)))


def cycle(series: Floats, period: int) -> float:
    """Autocorrelation at a lag of one cycle, after a straight line is taken off; 0 for a series of one cycle."""
    if len(series) <= period + 2:
        return 0.0
    steps = np.arange(len(series))
    rest = series - np.polyval(np.polyfit(steps, series, 1), steps)
    variance = float(rest @ rest) / len(rest)
    return float(rest[period:] @ rest[:-period]) / (len(rest) - period) / variance if variance > 0 else 0.0


def profile(series: Floats, period: int) -> Floats:
    """The mean cycle, (period,), smoothed over a twelfth of it."""
    mean = np.array([series[place::period].mean() for place in range(period)])
    reach = max(1, period // 24)
    return np.mean([np.roll(mean, shift) for shift in range(-reach, reach + 1)], axis=0)


def peak(series: Floats, period: int) -> int:
    """The step of the cycle, from 0, at which the mean cycle is highest."""
    return int(profile(series, period).argmax())


def distance_from(moment: float) -> Callable[[Floats, int], float]:
    """How far the peak is from ``moment`` (a fraction of the cycle), around the clock, as a fraction of the cycle."""

    def measure(series: Floats, period: int) -> float:
        gap = abs((peak(series, period) + 0.5) / period - moment) % 1.0
        return min(gap, 1.0 - gap)

    return measure


def trend(series: Floats, period: int) -> float:
    """Change over the whole series, as a share of its mean: the line through the means of one cycle each."""
    width = min(period, len(series) // 2)
    means = np.convolve(series, np.ones(width) / width, mode="valid")
    return float(np.polyfit(np.arange(len(means)), means, 1)[0]) * len(series) / max(float(series.mean()), _SMALLEST)


def _window(length: int, moment: float) -> slice:
    reach = max(1, round(0.03 * length))
    middle = min(length - 1, max(0, round(moment * length)))
    return slice(max(0, middle - reach), middle + reach + 1)


def _outside(series: Floats, window: slice) -> Floats:
    return np.concatenate([series[: window.start], series[window.stop :]])


def spike_at(moment: float) -> Callable[[Floats, int], float]:
    """The highest value near ``moment``, in units of the 95th percentile of all others."""

    def measure(series: Floats, period: int) -> float:
        window = _window(len(series), moment)
        return float(series[window].max() / max(np.percentile(_outside(series, window), 95), _SMALLEST))

    return measure


def largest_spike(series: Floats, period: int) -> float:
    """``spike_at`` the maximum."""
    return spike_at(float(series.argmax()) / len(series))(series, period)


def dip_at(moment: float) -> Callable[[Floats, int], float]:
    """The lowest value near ``moment``, in units of the 5th percentile of all others."""

    def measure(series: Floats, period: int) -> float:
        window = _window(len(series), moment)
        return float(series[window].min() / max(np.percentile(_outside(series, window), 5), _SMALLEST))

    return measure


def deepest_dip(series: Floats, period: int) -> float:
    """``dip_at`` the minimum."""
    return dip_at(float(series.argmin()) / len(series))(series, period)


def step_at(moment: float) -> Callable[[Floats, int], float]:
    """log of the mean of the cycle after ``moment`` over the mean of the cycle before it."""

    def measure(series: Floats, period: int) -> float:
        middle = round(moment * len(series))
        width = min(period, middle, len(series) - middle)
        before, after = series[middle - width : middle].mean(), series[middle : middle + width].mean()
        return float(np.log(max(after, _SMALLEST) / max(before, _SMALLEST)))

    return measure


def largest_step(series: Floats, period: int) -> float:
    """The largest change of level, up or down, between a cycle and the next one, wherever it is."""
    width = min(period, len(series) // 2)
    sums = np.concatenate([[0.0], np.cumsum(series)])
    means = np.maximum((sums[width:] - sums[:-width]) / width, _SMALLEST)
    return float(np.abs(np.log(means[width:] / means[:-width])).max())


def weekend(series: Floats, period: int) -> float:
    """Mean of the last two days of the week over the mean of the first five; for daily values, from a Monday on."""
    days = np.arange(len(series)) % 7
    return float(series[days >= 5].mean() / max(series[days < 5].mean(), _SMALLEST))
