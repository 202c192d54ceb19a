"""Thin long series for drawing, so that peaks stay visible and the page stays small."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def keep_extremes(values: Floats, limit: int) -> NDArray[np.intp]:
    """Return the increasing indices of at most ``limit`` points that keep a series' outline.

    Args:
        values: (n,), NaN allowed. The first and last point are kept, and the lowest and highest of each bucket, so a
            single spike in thousands of steps stays in the picture.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    kept = {0, count - 1}
    for bucket in np.array_split(np.arange(count), max(1, (limit - 2) // 2)):
        finite = bucket[np.isfinite(values[bucket])]
        if len(finite):
            kept.update((int(finite[values[finite].argmin()]), int(finite[values[finite].argmax()])))
        else:
            kept.add(int(bucket[0]))  # the gap itself
    return np.array(sorted(kept))


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
