"""How many decimals show a channel, and which windows lose what they hold all the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.errors import DataError

Floats = NDArray[np.float64]

MOST = 12
# The rounding error that may be left, as a share of the channel's spread.
_SHARE = 0.01
# A channel that moves less than this share of its size is constant: its values are means, whose last bits differ.
_NOISE = 1e-14
# What a 64-bit float tells apart. A longer number is digits of no meaning, and a prompt full of them.
_DIGITS = 15
_AT_ONCE = 100_000


def decimals_of(column: Floats, name: str, fixed: int | None) -> int:
    """The decimals that prompts and answers show a channel with.

    Args:
        column: all values of the channel.
        fixed: ``dataset.decimals``; None: the fewest that keep the rounding error below one percent of the standard
            deviation, or of a constant channel's value.

    Raises:
        DataError: the values are too large or too small to be shown; it says to rescale.
    """
    size = float(np.abs(column).max())
    needed = fixed if fixed is not None else _needed(column, size)
    if needed is None:
        raise DataError(
            f"column '{name}' would need over {MOST} decimals (its standard deviation is {column.std():.2g}): "
            "rescale it, so that the prompt shows no rows of zeros"
        )
    if size >= 10.0 ** (_DIGITS - needed):
        raise DataError(
            f"column '{name}' holds values up to {size:.3g}, which {needed} decimals show with over {_DIGITS} digits: "
            "rescale it (divide it, or subtract its level), or lower dataset.decimals"
        )
    return needed


def _needed(column: Floats, size: float) -> int | None:
    if float(np.ptp(column)) <= _NOISE * size:
        value = float(column[0])
        return next((n for n in range(MOST + 1) if abs(round(value, n) - value) <= _SHARE * abs(value)), None)
    spread = float(column.std())
    return next((n for n in range(MOST + 1) if 0.5 * 10.0**-n <= _SHARE * spread), None)


def shown(values: Floats, decimals: int) -> list[float]:
    """Values as prompts show them; adding 0.0 turns the -0.0 that rounding may leave into 0.0."""
    return [round(value, decimals) + 0.0 for value in values.tolist()]


def flattened(column: Floats, starts: NDArray[np.int64], offsets: NDArray[np.int64], decimals: int) -> int:
    """How many windows are constant as shown, and not in truth.

    Args:
        starts: (N,) first rows of the windows.
        offsets: (L,) a window's rows behind its first one.
    """
    count = 0
    for first in range(0, len(starts), _AT_ONCE):
        low, high = (np.full(len(starts[first : first + _AT_ONCE]), value) for value in (np.inf, -np.inf))
        for offset in offsets:
            values = column[starts[first : first + _AT_ONCE] + offset]
            np.minimum(low, values, out=low)
            np.maximum(high, values, out=high)
        # Rounding keeps the order, so that the ends are rounded alike where all values are.
        moves = np.flatnonzero(high - low > _NOISE * np.maximum(np.abs(low), np.abs(high)))
        count += sum(
            round(one, decimals) == round(other, decimals)
            for one, other in zip(low[moves].tolist(), high[moves].tolist(), strict=True)
        )
    return count
