"""Buildings with a battery: families of load, tariffs, batteries that fit, and options that do not give the best away.

The options are three pairs of expensive hours at the same distance, and a fourth that discharges once at a cheap hour.
They are drawn first, and then where the load peaks, near the pair that is to be the best: so each of the three is the
best equally often, whatever the others are, and only the load tells which. (A peak drawn evenly would favour the outer
pairs: knowing the options alone then gives 0.47.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from recipes.timeomni1.tasks.decision.battery import Battery, Strategy
from recipes.timeomni1.tasks.drawing import Floats, integer, uniform

WINDOW = 5  # consecutive hours of the highest price
# Hours after the tariff's start at which a load peaks.
PEAK_AT = (0.3, 3.7)


@dataclass(frozen=True)
class Building:
    """One case. history: (days * T,) loads in kWh; actual: (T,) the load of the day to decide about; price (T,).

    Args:
        strategies: three pairs of peak hours from the earliest to the latest, and the one with a cheaper hour.
    """

    family: str
    history: Floats
    actual: Floats
    price: Floats
    battery: Battery
    strategies: Sequence[Strategy]


# Of the short form. It serves any two loads, so that its charge does not matter.
SMALL_BATTERY = Battery(20.0, stored=10.0, charge=4.0, discharge=9.0, efficiency=1.0)
SMALL_CHARGE = (0, 1)


def _bump(hours: int, centre: float, width: float) -> Floats:
    return np.exp(-0.5 * ((np.arange(hours) - centre) / width) ** 2)


def _days(rng: Generator, usual: Floats, decimals: int, shown: int) -> Floats:
    """Days (shown + 1, T) around the usual one, each hour off by 6 %."""
    noise = 1 + 0.06 * rng.standard_normal((shown + 1, len(usual)))
    return np.round(np.maximum(usual * noise, 0.1), decimals)


def _fit(rng: Generator, usual: Floats, peak: slice) -> Battery:
    """A battery that holds 1.1 to 1.6 times the two largest loads of the window; all values as printed."""
    largest = np.sort(usual[peak])[-2:].sum()
    capacity = round(uniform(rng, (1.1, 1.6)) * largest, 1)
    return Battery(
        capacity,
        stored=round(uniform(rng, (0.2, 0.5)) * capacity, 1),
        charge=round(uniform(rng, (0.3, 0.5)) * capacity, 1),
        discharge=round(1.2 * float(usual.max()), 1),
        efficiency=0.95,
    )


def _peak_hour(rng: Generator, strategies: Sequence[Strategy], start: int, best: int) -> float:
    """When a load peaks of which the pair ``best`` (0 to 2) of the strategies covers most."""
    middles = [sum(one.discharge) / 2 - start for one in strategies[:3]]
    edges = [PEAK_AT[0], *(sum(two) / 2 for two in pairwise(middles)), PEAK_AT[1]]
    return start + uniform(rng, (edges[best], edges[best + 1]))


def draw_home(rng: Generator, best: int) -> Building:
    """In distribution: a home with an evening peak, and two prices. best: the pair that the load should favour."""
    start = integer(rng, (14, 17))
    peak = slice(start, start + WINDOW)
    price = np.full(24, round(uniform(rng, (0.15, 0.25)), 2))
    price[peak] = round(uniform(rng, (0.4, 0.6)), 2)
    strategies = _draw_strategies(rng, price)
    centre = _peak_hour(rng, strategies, start, best)
    level = uniform(rng, (2.0, 6.0))
    evening = uniform(rng, (0.8, 1.4)) * _bump(24, centre, uniform(rng, (1.2, 2.0)))
    usual = level * (0.5 + 0.15 * _bump(24, 8, 1.5) + evening)
    days = _days(rng, usual, 2, shown=2)
    return Building("home", days[:2].ravel(), days[2], price, _fit(rng, usual, peak), strategies)


def draw_other(rng: Generator, best: int) -> Building:
    """Out of distribution: an office with a midday peak or a home with two peaks, three prices, weekends cheaper."""
    office = rng.random() < 0.5
    start = integer(rng, (10, 13)) if office else integer(rng, (15, 17))
    peak = slice(start, start + WINDOW)
    low, middle, high = (round(uniform(rng, interval), 2) for interval in ((0.12, 0.2), (0.24, 0.32), (0.42, 0.6)))
    if rng.random() < 2 / 7:  # a weekend
        middle, high = round(0.8 * middle, 2), round(0.8 * high, 2)
    price = np.full(24, low)
    price[[start - 2, start - 1, start + WINDOW]] = middle
    price[peak] = high
    strategies = _draw_strategies(rng, price)
    centre, width = _peak_hour(rng, strategies, start, best), uniform(rng, (1.2, 2.0))
    level = uniform(rng, (10.0, 40.0)) if office else uniform(rng, (2.0, 6.0))
    morning = 0.0 if office else 0.8 * _bump(24, uniform(rng, (6.5, 8.5)), 1.2)
    usual = level * (0.45 + morning + uniform(rng, (0.8, 1.4)) * _bump(24, centre, width))
    days = _days(rng, usual, 2, shown=2)
    family = "office" if office else "two-peak-home"
    return Building(family, days[:2].ravel(), days[2], price, _fit(rng, usual, peak), strategies)


def draw_small(rng: Generator, ood: bool) -> Building:
    """The short form: ten hours of few kWh, one day shown, no losses, and always energy enough to serve the load.

    Energy is free in all hours but the last five, and any of these may have the largest load; two loads together have
    one digit. Out of distribution no load is small.
    """
    usual = rng.integers(2 if ood else 1, 5, size=10).astype(np.float64)
    days = np.round(usual * (1 + 0.06 * rng.standard_normal((2, 10))))
    price = np.zeros(10)
    price[-WINDOW:] = 1.0
    strategies = _draw_strategies(rng, price, SMALL_CHARGE)
    return Building("small-office" if ood else "small-home", days[0], days[1], price, SMALL_BATTERY, strategies)


def _draw_strategies(rng: Generator, price: Floats, charge: tuple[int, int] | None = None) -> list[Strategy]:
    """Three pairs of peak hours at one distance, and as the last a pair with one cheaper hour.

    Args:
        charge: when all of them charge; None: drawn for each.
    """
    hours = np.arange(len(price))
    peak = hours[price == price.max()]
    cheap = hours[(price == price.min()) & (hours < peak[0])]
    gap = integer(rng, (1, 2))
    first = rng.permutation(len(peak) - gap)[:3]
    pairs = [(int(peak[i]), int(peak[i + gap])) for i in sorted(first)]
    charges = [charge or _pair(rng, cheap) for _ in range(4)]
    idle = [hour for hour in hours if price[hour] < price.max() and hour not in charges[3]]
    wasted = int(idle[int(rng.integers(len(idle)))])
    early, late = sorted((wasted, int(peak[int(rng.integers(len(peak)))])))
    return [Strategy(charge, pair) for charge, pair in zip(charges, [*pairs, (early, late)], strict=True)]


def _pair(rng: Generator, hours: Floats) -> tuple[int, int]:
    one, other = sorted(int(hour) for hour in rng.choice(hours, size=2, replace=False))
    return one, other
