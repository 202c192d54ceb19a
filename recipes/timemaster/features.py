"""What can be seen of a series, as numbers, and by which of them the classes of the training part differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Name -> how much of it is said: little, and much.
WORDS = {
    "level": ("a low level", "a high level"),
    "range": ("a small range", "a large range"),
    "peak time": ("an early peak", "a late peak"),
    "low time": ("an early low", "a late low"),
    "trend": ("a falling trend", "a rising trend"),
    "period": ("a short period", "a long period"),
    "number of bursts": ("few bursts", "many bursts"),
    "roughness": ("a smooth line", "a rough line"),
    "plateau": ("a short plateau", "a long plateau"),
}
_BURST = 2.0  # standard deviations above the mean
_HIGH = 0.75  # of the range: where the plateau is


def features(values: Floats) -> dict[str, float]:
    """The nine features of one channel.

    Args:
        values: (L,), finite.

    Returns:
        ``level``, the mean; ``range``, highest less lowest; ``peak time`` and ``low time``, where these are, from 0 to
        1; ``trend``, the mean of the last quarter less that of the first, in standard deviations; ``period``, that of
        the strongest frequency as a share of the length; ``number of bursts``, stretches above two standard deviations;
        ``roughness``, the steps' deviation in the series' own; ``plateau``, the share of the time in the upper quarter
        of the range. A constant series has no more than a level: all else is 0.
    """
    level, spread = float(values.mean()), float(values.std())
    low, high = float(values.min()), float(values.max())
    found = dict.fromkeys(WORDS, 0.0) | {"level": level}
    if not spread > 1e-12 * max(1.0, abs(level)):
        return found
    last, quarter = max(1, len(values) - 1), max(1, len(values) // 4)
    steps = np.arange(len(values))
    line = np.polynomial.Polynomial.fit(steps, values, 1)(steps)
    power = np.abs(np.fft.rfft(values - line))[1:]  # scipy.signal's import would take a dry run's whole second
    above = np.concatenate([[False], values > level + _BURST * spread])
    return found | {
        "range": high - low,
        "peak time": float(values.argmax()) / last,
        "low time": float(values.argmin()) / last,
        "trend": float(values[-quarter:].mean() - values[:quarter].mean()) / spread,
        "period": 1.0 / (1 + int(power.argmax())) if power.size and power.max() > 0 else 0.0,
        "number of bursts": float(np.count_nonzero(above[1:] & ~above[:-1])),
        "roughness": float(np.diff(values).std()) / spread,
        "plateau": float(np.mean(values > low + _HIGH * (high - low))),
    }


def of_channels(values: Floats, channels: Sequence[str]) -> dict[str, float]:
    """The features of all channels; of a series that names them, each as ``channel: feature``.

    Args:
        values: (C, L).
    """
    if not channels:
        return features(values[0])
    return {
        f"{name}: {feature}": value
        for name, channel in zip(channels, values, strict=True)
        for feature, value in features(channel).items()
    }


@dataclass(frozen=True)
class Reason:
    """A feature that speaks for a class.

    Args:
        feature: its name.
        value: of this series; usual: of the class, on average; other: of all other classes.
        apart: how far the class is from the others, in standard deviations.
    """

    feature: str
    value: float
    usual: float
    other: float
    apart: float

    @property
    def name(self) -> str:
        """The feature as it is spoken of."""
        channel, _, name = self.feature.rpartition(": ")
        return f"{name} of {channel}" if channel else name

    @property
    def words(self) -> str:
        """What the class has of it, beside the others."""
        channel, _, name = self.feature.rpartition(": ")
        said = WORDS[name][self.usual > self.other]
        return f"{said} of {channel}" if channel else said


class Differences:
    """By what the classes of some labelled series differ.

    Args:
        found: of each series, as ``of_channels`` has them.
        labels: alike.
    """

    def __init__(self, found: Sequence[Mapping[str, float]], labels: Sequence[str]) -> None:
        self.names = list(found[0])
        table = np.array([[one[name] for name in self.names] for one in found])
        self._spread = table.std(axis=0)
        kinds = np.array(labels)
        self._usual = {name: table[kinds == name].mean(axis=0) for name in dict.fromkeys(labels)}
        self._other = {
            name: (table[kinds != name] if (kinds != name).any() else table).mean(axis=0) for name in self._usual
        }

    def reasons(self, one: Mapping[str, float] | None, label: str, count: int) -> list[Reason]:
        """The features that speak most for a class: those by which it is furthest from the others.

        Of a series only those count that are nearer to the class than to the others; where none are, all do.

        Args:
            one: the features of a series; None: those that speak for the class in general.
        """
        usual, other = self._usual[label], self._other[label]
        apart = np.abs(usual - other) / np.maximum(self._spread, 1e-12)
        seen = usual if one is None else np.array([one[name] for name in self.names])
        nearer = np.abs(seen - usual) < np.abs(seen - other)
        order = np.argsort(-np.where(nearer if nearer.any() else True, apart, -1.0), kind="stable")
        taken = [place for place in order[:count] if nearer[place] or not nearer.any()]
        return [
            Reason(self.names[at], float(seen[at]), float(usual[at]), float(other[at]), float(apart[at]))
            for at in taken
        ]
