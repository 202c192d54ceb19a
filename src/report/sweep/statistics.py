"""The statistics of a sweep's report, as pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from src.tasks.blocks import estimate

LEVEL = 0.95
RESAMPLES = 9999


@dataclass(frozen=True)
class Mean:
    """The mean of ``n`` values and the half width of its 95 % t-interval, which is NaN for fewer than two."""

    value: float
    half: float
    n: int


def mean_interval(values: Sequence[float]) -> Mean:
    """Student's interval of a mean: ``t(0.975, n - 1) * s / sqrt(n)`` to each side.

    Args:
        values: (n,), one per seed; those that are not finite are left out.
    """
    kept = np.asarray([value for value in values if math.isfinite(value)], dtype=np.float64)
    if not len(kept):
        return Mean(math.nan, math.nan, 0)
    if len(kept) == 1:
        return Mean(float(kept[0]), math.nan, 1)
    error = kept.std(ddof=1) / math.sqrt(len(kept))
    return Mean(float(kept.mean()), float(stats.t.ppf(0.5 + LEVEL / 2, len(kept) - 1) * error), len(kept))


@dataclass(frozen=True)
class Paired:
    """The mean of ``n`` paired differences, its 95 % interval, and a p-value against a mean of zero.

    Args:
        items: independent ones among them; NaN stand where fewer than two are.
    """

    difference: float
    low: float
    high: float
    p: float
    n: int
    items: int


def paired_questions(differences: Sequence[float], items: Sequence[Hashable]) -> Paired:
    """Compare two settings by the differences of the held-out questions that they have in common.

    Windows that overlap are no independent questions: items are resampled (``src.tasks.blocks.estimate``), and interval
    and p-value are Student's for as many.

    Args:
        differences: (n,), finite.
        items: (n,), the independent item of each question.
    """
    found = estimate(differences, [1.0] * len(differences), items)
    if found is None:
        return Paired(math.nan, math.nan, math.nan, math.nan, 0, 0)
    low, high = found.interval() or (math.nan, math.nan)
    return Paired(found.value, low, high, found.p, len(differences), found.items)


def paired_seeds(differences: Sequence[float]) -> Paired:
    """Compare two settings by the differences of the seeds that they have in common.

    The interval is Student's. The p-value is that of the sign-flip test, which supposes no distribution: under the null
    hypothesis every difference is as likely with the other sign. It is exact up to 13 pairs; its smallest value is
    ``2 / 2**n``, so that few pairs find nothing.

    Args:
        differences: (n,), finite.

    Returns:
        NaN for interval and p-value of fewer than two pairs.
    """
    mean = mean_interval(differences)
    if mean.n < 2:
        return Paired(mean.value, math.nan, math.nan, math.nan, mean.n, mean.n)
    data = np.asarray(differences, dtype=np.float64)
    flipped = stats.permutation_test(
        (data, np.zeros_like(data)), _mean_difference, permutation_type="samples", n_resamples=RESAMPLES, rng=0
    )
    return Paired(mean.value, mean.value - mean.half, mean.value + mean.half, float(flipped.pvalue), mean.n, mean.n)


def _mean_difference(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
    return np.mean(first, axis=axis) - np.mean(second, axis=axis)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction of the p-values of several comparisons made at once; NaN stay, and do not count."""
    known = [place for place, p in enumerate(p_values) if math.isfinite(p)]
    corrected = list(map(float, p_values))
    if known:
        for place, p in zip(known, multipletests([p_values[k] for k in known], method="holm")[1], strict=True):
            corrected[place] = float(p)
    return corrected


def smallest_p(n: int) -> float:
    """The smallest p-value that ``n`` pairs can have in the sign-flip test."""
    return 2.0 / 2**n
