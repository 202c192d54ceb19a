"""Measures of one series that forecast rewards are built from. Arrays are float64 of shape (steps,)."""

import numpy as np


def moving_average(series: np.ndarray, window: int) -> np.ndarray:
    """Centred moving average, shape (steps,), by one cumulative sum; ``window`` is odd, both ends are repeated.

    This is the trend of the Time-R1 decomposition (arXiv 2506.10630, eq. 4; window 25 in its code).
    """
    half = window // 2
    total = np.zeros(len(series) + window)
    total[1 : half + 1] = series[0]
    total[half + 1 : half + 1 + len(series)] = series
    total[half + 1 + len(series) :] = series[-1]
    np.cumsum(total, out=total)
    return (total[window:] - total[:-window]) / window


def local_extrema(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks (is_max, is_min), shape (steps,): not below (above) any neighbour at distance 1 and 2.

    Neighbours beyond an end do not count. The comparison is not strict, as in the code of Time-R1: every step of a flat
    stretch is both.
    """
    is_max = np.ones(len(series), dtype=bool)
    is_min = np.ones(len(series), dtype=bool)
    for lag in (1, 2):
        later, earlier = series[lag:], series[:-lag]
        not_below, not_above = later >= earlier, later <= earlier
        is_max[lag:] &= not_below
        is_max[:-lag] &= not_above
        is_min[lag:] &= not_above
        is_min[:-lag] &= not_below
    return is_max, is_min


def turning_points(series: np.ndarray) -> np.ndarray:
    """Indices of the local extrema and of both ends of ``series``; none inside a flat stretch."""
    is_max, is_min = local_extrema(series)
    turns = is_max ^ is_min
    turns[0] = turns[-1] = True
    return np.flatnonzero(turns)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine of the angle between two vectors, in [-1, 1]; 0 where one of them is zero.

    Along the straight line from any ``a`` to ``b`` it never falls, whatever the lengths of both.
    """
    norms = float(a @ a) ** 0.5 * float(b @ b) ** 0.5
    return min(1.0, max(-1.0, float(a @ b) / norms)) if norms > 0.0 else 0.0


def floats(values: object, limit: float = 1e100) -> np.ndarray | None:
    """``values`` as a non-empty float64 vector; None if they are not finite numbers within +-``limit``."""
    try:
        series = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if series.ndim != 1 or series.size == 0 or not np.abs(series).max() <= limit:
        return None
    return series
