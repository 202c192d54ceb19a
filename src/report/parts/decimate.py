"""Thin stacked areas, which must keep adding up, so that the page stays small; lines are thinned as in plots."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bucket_means(steps: NDArray[np.int64], columns: Floats, limit: int) -> tuple[NDArray[np.int64], Floats]:
    """Average aligned columns over at most ``limit`` buckets of steps, for areas that must keep adding up.

    Args:
        steps: (n,).
        columns: (k, n).

    Returns:
        The last step of each bucket (b,), and the means (k, b).
    """
    if len(steps) <= limit:
        return steps, columns
    buckets = np.array_split(np.arange(len(steps)), limit)
    means = np.stack([columns[:, bucket].mean(axis=1) for bucket in buckets], axis=1)
    return steps[[int(bucket[-1]) for bucket in buckets]], means
