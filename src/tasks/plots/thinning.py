"""Thin long series for drawing, so that peaks stay visible and pictures stay small."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def keep_extremes(values: Floats, limit: int) -> NDArray[np.intp]:
    """Return the increasing indices of at most ``limit`` points that keep a series' outline.

    Args:
        values: (n,), NaN allowed. The first and last point are kept, and the lowest and highest of each bucket, so a
            single spike in thousands of steps stays in the picture. A bucket without values keeps its first: the gap.
        limit: four or more.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    buckets = (limit - 2) // 2
    begins = np.arange(buckets) * count // buckets
    longest = -(-count // buckets)
    places = np.minimum(begins[:, None] + np.arange(longest), np.append(begins[1:], count)[:, None] - 1)
    inside = values[places]
    lowest = np.where(np.isfinite(inside), inside, np.inf).argmin(axis=1)
    highest = np.where(np.isfinite(inside), inside, -np.inf).argmax(axis=1)
    rows = np.arange(buckets)
    return np.unique(np.concatenate(([0, count - 1], places[rows, lowest], places[rows, highest])))
