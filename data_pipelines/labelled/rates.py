"""Signals of one sampling rate at another."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 1e-3


def at_rate(
    values: NDArray[np.float64], own: float | None, rate: float | None, name: str, log: Callable[[str], None]
) -> NDArray[np.float64]:
    """A signal (C, L) at ``rate`` samples a second, filtered against aliases; ``log`` is told where it was another."""
    if rate is None or own is None or abs(own - rate) <= _TOLERANCE * rate:
        return values
    from scipy.signal import resample_poly

    ratio = Fraction(rate / own).limit_denominator(1000)
    log(f"{name}: resampled from {own:g} to {rate:g} samples a second")
    return np.asarray(resample_poly(values, ratio.numerator, ratio.denominator, axis=1, padtype="line"))
