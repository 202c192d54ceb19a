"""Intervals that respect what depends on what: blocks of questions are resampled, not questions.

Forecasts of windows that overlap have errors in common, and so have all channels of one moment: they count as one item,
a block of time. How long a block must be, and which interval keeps its promise with as few blocks as held-out data
have, was decided by simulation (tests/tasks/test_blocks.py): with percentiles of resampled blocks a true null is still
rejected in 15 to 40 % of cases at 5 %, with their standard error and Student's quantile in 5 to 10 %.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

Interval = tuple[float, float]
Span = tuple[float, float]  # from the first step of a truth to the one after its last

LEVEL = 0.95
RESAMPLES = 2000
_LONGEST = 2  # truths that a block may hold one after the other


def blocks(spans: Sequence[Span]) -> list[int]:
    """The block of each question, numbered in the order of time.

    A block is closed where no truth goes on into the next window, so that windows which do not overlap are blocks of
    their own; of windows that overlap without a gap it is closed after two truths' length. Blocks of one length would
    share a quarter of their variance with their neighbours.
    """
    found = [0] * len(spans)
    number, first, latest = -1, math.inf, -math.inf
    for place in sorted(range(len(spans)), key=lambda place: spans[place]):
        start, end = spans[place]
        if start >= latest or start >= first + _LONGEST * (end - start):
            number, first = number + 1, start
        latest = max(latest, end)
        found[place] = number
    return found


@dataclass(frozen=True)
class Estimate:
    """A ratio or a mean over questions.

    Args:
        error: standard error, NaN for fewer than two items.
        items: independent ones.
    """

    value: float
    error: float
    items: int

    def interval(self, least: float = -math.inf, most: float = math.inf) -> Interval | None:
        """The 95 % interval, cut to what the figure can be; None for fewer than two items."""
        if self.items < 2:
            return None
        from scipy import stats  # takes half a second, and composing a run needs it not

        half = float(stats.t.ppf(0.5 + LEVEL / 2, self.items - 1)) * self.error
        return max(least, self.value - half), min(most, self.value + half)

    @property
    def p(self) -> float:
        """Of a value of zero (Student's test, two-sided): below 0.05 where the interval excludes it.

        Where all items agree to the last digit there is no spread to test by: then it is that of the sign test.
        """
        if self.items < 2:
            return math.nan
        from scipy import stats

        if self.error == 0:
            return 1.0 if self.value == 0 else 2.0 ** (1 - self.items)
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.items - 1))


def estimate(
    numerators: Sequence[float], denominators: Sequence[float], items: Sequence[Hashable], seed: int = 0
) -> Estimate | None:
    """``sum(numerators) / sum(denominators)`` with its standard error by the bootstrap over items.

    The error is that of resampled items, times ``sqrt(n / (n - 1))``: the plain bootstrap's is too small by that much
    (Hesterberg 2015, "What Teachers Should Know About the Bootstrap", section 3.2).

    Args:
        numerators, denominators: (N,), one pair per question; with denominators of 1 it is a mean.
        items: (N,), the item that each question belongs to; questions of one item are resampled together.

    Returns:
        None where the denominators add up to nothing.
    """
    bottom = np.asarray(denominators, dtype=np.float64)
    if not bottom.sum() > 0:
        return None
    numbers: dict[Hashable, int] = {}
    place = [numbers.setdefault(item, len(numbers)) for item in items]
    tops = np.bincount(place, np.asarray(numerators, dtype=np.float64))
    bottoms = np.bincount(place, bottom)
    held = bottoms > 0  # an item that nothing is known of is no observation
    tops, bottoms = tops[held], bottoms[held]
    value, count = float(tops.sum() / bottoms.sum()), len(tops)
    if count < 2:
        return Estimate(value, math.nan, count)
    draws = np.random.default_rng(seed).integers(count, size=(RESAMPLES, count))
    values = tops[draws].sum(axis=1) / bottoms[draws].sum(axis=1)
    return Estimate(value, float(values.std()) * math.sqrt(count / (count - 1)), count)
