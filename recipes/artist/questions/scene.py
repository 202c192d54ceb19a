"""A long series that is quiet but for some bursts, each as long as one bin of the overview.

From above a burst is a bin with a wide range, and the bursts' heights and places can be told; what happens inside is
the order of their values. Any order leaves each bin's lowest and highest value, and the statistics, as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator

from recipes.artist.question import Floats, Interval
from recipes.artist.views import ViewSettings, pooled

LENGTHS = (400, 4000)
_LEAST = 12  # steps of a burst: shapes can be told apart
_WIDE = 3.0  # times the usual range of a bin: a burst


def draw(random: Generator, view: ViewSettings) -> tuple[Floats, int]:
    """A series whose bursts have no shape yet, and the steps of a bin."""
    steps = max(_LEAST, -(-LENGTHS[0] // view.bins))
    most = LENGTHS[1] // view.bins
    steps = int(np.exp(random.uniform(np.log(steps), np.log(most + 1)))) if most > steps else steps
    length = steps * view.bins
    at = np.arange(length) / length
    quiet = 0.6 * np.sin(2 * np.pi * (random.uniform(0.5, 2.0) * at + random.random())) + random.uniform(-0.5, 0.5) * at
    series = quiet + random.normal(0, 0.08, length)
    bins = random.permutation(np.arange(1, view.bins - 1, 2))[: int(random.integers(3, 7))]
    heights = random.permutation(np.linspace(2.5, 5.0, len(bins)))
    for place, height in zip(bins, heights, strict=True):
        inside = slice(place * steps, (place + 1) * steps)
        swing = np.cos(np.linspace(0, np.pi, steps)) + random.normal(0, 0.02, steps)
        series[inside] = height * swing
    return np.round(random.uniform(0.5, 20.0) * series + random.uniform(-50, 50), 3), steps


def bursts(series: Floats, steps: int) -> list[Interval]:
    """Where they are, in time; found in the series alone."""
    low, high = pooled(series, steps)
    wide = np.flatnonzero(high - low > _WIDE * np.median(high - low))
    return [(int(place) * steps, int(place + 1) * steps) for place in wide]


def named(series: Floats, among: Sequence[Interval]) -> Mapping[str, Interval]:
    """The burst that each name means among these: a name that all bursts give one of them, it keeps among fewer."""
    in_time = sorted(among)
    by_height = sorted(among, key=lambda one: float(series[one[0] : one[1]].max()))
    return {"first": in_time[0], "last": in_time[-1], "tallest": by_height[-1], "smallest": by_height[0]}
