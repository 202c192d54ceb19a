"""Where the fast renderer puts ticks: round numbers, or dates that people count in."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

Ticks = tuple[list[float], list[str]]  # positions, and what is written there
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0)
# Units of numpy's dates from the finest, how many of them may lie between ticks, and what of a date is written.
_CALENDAR: Sequence[tuple[Literal["ms", "s", "m", "h", "D", "M", "Y"], Sequence[int], slice]] = (
    ("ms", (1, 5, 10, 50, 100, 500), slice(11, 23)),
    ("s", (1, 5, 15, 30), slice(11, 19)),
    ("m", (1, 5, 15, 30), slice(11, 16)),
    ("h", (1, 3, 6, 12), slice(5, 16)),
    ("D", (1, 2, 7, 14), slice(0, 10)),
    ("M", (1, 2, 3, 6), slice(0, 7)),
    ("Y", (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000), slice(0, 4)),
)


def round_numbers(low: float, high: float, most: int, *, whole: bool = False) -> Ticks:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten from ``low`` to ``high``, at most ``most`` (two or more).

    Args:
        low: the least that is shown.
        high: the greatest.
        most: ticks.
        whole: no fractions, for an index.
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(max(1.0, rough) if whole else rough))
    for step in (factor * power for factor in _ROUND if not (whole and factor * power % 1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    positions = [place * step for place in range(first, last + 1)]
    return positions, _written(positions, step)


def _written(positions: Sequence[float], step: float) -> list[str]:
    """With as many digits as tell the numbers apart; very large and very small ones as powers of ten."""
    order = math.floor(math.log10(step) + 1e-9)
    finer = not math.isclose(step / 10.0**order, round(step / 10.0**order))  # 2.5
    greatest = max((abs(one) for one in positions), default=0.0)
    if greatest >= 1e6 or 0 < greatest < 1e-3:
        digits = math.floor(math.log10(greatest)) - order + finer
        return [f"{one:.{digits}e}" if one else "0" for one in positions]
    return [f"{one:.{max(0, finer - order)}f}" for one in positions]


def round_dates(low: float, high: float, most: int) -> Ticks:
    """Dates on whole units of the calendar, at most ``most``; ``low`` and ``high`` in seconds since 1970."""
    begin, end = (np.datetime64(round(one * 1e6), "us") for one in (low, high))
    for unit, steps, part in _CALENDAR:
        first, last = (int(one.astype(f"datetime64[{unit}]").astype(np.int64)) for one in (begin, end))
        epoch = 1970 if unit == "Y" else 0
        for step in steps:
            places = range(math.ceil((first + epoch) / step) * step - epoch, last + 1, step)
            few = places[: most + 2]  # the first may lie before the range
            dates = [date for place in few if (date := np.datetime64(place, unit)) >= begin]
            if len(dates) <= most:
                seconds = [float(date.astype("datetime64[us]").astype(np.int64)) / 1e6 for date in dates]
                return seconds, [str(date.astype("datetime64[ms]")).replace("T", " ")[part] for date in dates]
    return [], []
