"""The scenario library of task 1: how each series comes about, and what its sentence claims about it.

A scenario is a row of values; ``Scenario.claims`` turns it into the predicates that a true sentence has to satisfy, and
``generate`` into a series that is drawn until it satisfies them. Sentences hold no digits: they say in words what the
claims say in numbers. Agriculture, education and healthcare are held out for the out-of-distribution test, as in
the paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recipes.timeomni1.tasks.scenario import predicates as measure
from recipes.timeomni1.tasks.scenario.predicates import Claim, Floats

HELD_OUT = ("agriculture", "education", "healthcare")
_TRIES = 8


@dataclass(frozen=True)
class Sampling:
    """How often values are taken. period: steps per cycle. lengths: the numbers of values that occur."""

    words: str
    period: int
    lengths: tuple[int, ...]


# By the cycle of the scenario and the size of the build.
SAMPLINGS: dict[str, dict[str, tuple[Sampling, ...]]] = {
    "paper": {
        "day": (
            Sampling("hourly", 24, (96, 168, 336)),
            Sampling("half-hourly", 48, (96, 336)),
            Sampling("quarter-hourly", 96, (288,)),
        ),
        "week": (Sampling("daily", 7, (90, 180, 365)),),
        "year": (Sampling("weekly", 52, (156,)), Sampling("monthly", 12, (96, 168, 180))),
    },
    "short": {
        "day": (Sampling("two-hourly", 12, (24, 28, 32, 36)),),
        "week": (Sampling("daily", 7, (24, 28, 32, 36)),),
        "year": (Sampling("monthly", 12, (24, 28, 32, 36)),),
    },
}


@dataclass(frozen=True)
class Event:
    """Something that happens once in a series.

    Args:
        kind: spike, dip or step.
        at: where, as a fraction of the series.
        low, high: the factor that it brings.
    """

    kind: str
    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Scenario:
    """One row of the library.

    Args:
        sentence: without length and sampling.
        cycle: day, week or year.
        low, high: the median.
        peaks: (moment, width, height) of the bumps of a cycle, moments and widths as fractions of it; () for none.
        weekend: factor of the last two days of a week, for a weekly cycle.
        trend: (low, high) change over the series, as a share of its mean.
        decimals: of the values.
        noise: of a single value, relative.
    """

    name: str
    domain: str
    sentence: str
    cycle: str
    low: float
    high: float
    peaks: tuple[tuple[float, float, float], ...] = ()
    weekend: tuple[float, float] | None = None
    trend: tuple[float, float] | None = None
    event: Event | None = None
    decimals: int = 0
    noise: float = 0.06

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Everything that the sentence says, or implies by saying nothing."""
        found = [Claim("size", measure.size, math.log10(self.low), math.log10(self.high), "another typical size")]
        steps = self.event is not None and self.event.kind == "step"
        if self.peaks or self.weekend:
            found.append(Claim("cycle", measure.cycle, 0.45, 2.0, f"a pattern that repeats every {self.cycle}"))
        elif not steps:  # the two levels of a step would pass for a very long cycle
            found.append(Claim("cycle", measure.cycle, -2.0, 0.25, f"no pattern that repeats every {self.cycle}"))
        if self.peaks:
            top = max(self.peaks, key=lambda one: one[2])[0]
            found.append(Claim("peak", measure.distance_from(top), 0.0, 0.09, "a peak at another time"))
        if self.weekend:
            low, high = self.weekend
            found.append(Claim("weekend", measure.weekend, low - 0.1, high + 0.1, "other weekends"))
        found += self._event_claims()
        if self.trend:
            low, high = self.trend
            found.append(Claim("trend", measure.trend, low - 0.15, high + 0.15, "another trend"))
        elif self.event is None:
            found.append(Claim("trend", measure.trend, -0.25, 0.25, "no trend"))
        return tuple(found)

    def _event_claims(self) -> list[Claim]:
        event = self.event
        found = []
        if event is not None and event.kind == "spike":
            found.append(Claim("spike", measure.spike_at(event.at), event.low * 0.6, event.high * 1.2, "a spike"))
        else:
            found.append(Claim("spike", measure.largest_spike, 0.9, 1.6, "no spike"))
        if event is not None and event.kind == "dip":
            found.append(Claim("dip", measure.dip_at(event.at), 0.0, 0.4, "a collapse"))
        else:
            found.append(Claim("dip", measure.deepest_dip, 0.55, 1.2, "no collapse"))
        if event is not None and event.kind == "step":
            low, high = sorted((math.log(event.low), math.log(event.high)))
            found.append(Claim("step", measure.step_at(event.at), low - 0.15, high + 0.15, "a change of level"))
        elif self.trend is None and event is None:
            found.append(Claim("step", measure.largest_step, 0.0, 0.3, "no change of level"))
        return found

    def generate(self, rng: np.random.Generator, length: int, period: int, levels: int = 0) -> Floats | None:
        """Draw a series (length,) of which every claim holds as it is printed; None when that does not come about.

        Args:
            levels: the series takes as many values, from its maximum down in equal steps, and zero; 0: any value.
        """
        for _ in range(_TRIES):
            series = self._draw(rng, length, period)
            if levels:
                series = self._rounded(series, levels)
            if all(claim.holds(series, period) for claim in self.claims):
                return series
        return None

    def _draw(self, rng: np.random.Generator, length: int, period: int) -> Floats:
        steps = np.arange(length)
        moment = (steps % period + 0.5) / period
        shape = np.ones(length)
        if self.peaks:
            gap = [np.abs(moment - at) for at, _, _ in self.peaks]
            bumps = [
                height * np.exp(-0.5 * (np.minimum(one, 1 - one) / width) ** 2)
                for one, (_, width, height) in zip(gap, self.peaks, strict=True)
            ]
            shape = shape + np.sum(bumps, axis=0)
        if self.weekend:
            shape = np.where(steps % 7 >= 5, rng.uniform(*self.weekend), shape)
        if self.trend:
            shape = shape * (1 + rng.uniform(*self.trend) * (steps / length - 0.5))
        series = shape * np.exp(self.noise * rng.standard_normal(length))
        median = math.exp(rng.uniform(math.log(self.low * 1.05), math.log(self.high / 1.05)))
        if self.event is not None:
            _apply(self.event, series, rng)
        series = series * median / float(np.median(series))
        return np.round(np.maximum(series, 0.0), self.decimals) + 0.0

    def _rounded(self, series: Floats, levels: int) -> Floats:
        """Whole multiples of a step; the step makes the median what is printed."""
        digits = np.round(levels * series / max(float(series.max()), 1e-9))
        middle = float(np.median(digits))
        return digits * (float(self.format(float(np.median(series)))) / middle) if middle > 0 else series * 0.0

    def format(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"


def _apply(event: Event, series: Floats, rng: np.random.Generator) -> None:
    """Put the event into the series, in place. A spike is measured against the highest ordinary values."""
    middle = round(event.at * len(series))
    factor = rng.uniform(event.low, event.high)
    if event.kind == "step":
        series[middle:] *= factor
    elif event.kind == "spike":
        series[middle] = factor * float(np.percentile(series, 95))
    else:
        series[middle] = factor * float(np.percentile(series, 5))


def _day(name: str, domain: str, sentence: str, low: float, high: float, **more: object) -> Scenario:
    return Scenario(name, domain, sentence, "day", low, high, **more)  # type: ignore[arg-type]


def _week(name: str, domain: str, sentence: str, low: float, high: float, **more: object) -> Scenario:
    return Scenario(name, domain, sentence, "week", low, high, **more)  # type: ignore[arg-type]


def _year(name: str, domain: str, sentence: str, low: float, high: float, **more: object) -> Scenario:
    return Scenario(name, domain, sentence, "year", low, high, **more)  # type: ignore[arg-type]


def _bump(at: float, height: float, width: float = 0.1) -> tuple[tuple[float, float, float], ...]:
    return ((at, width, height),)


SCENARIOS: tuple[Scenario, ...] = (
    # retail
    _week("toy shop", "retail", "a few dozen customers of a toy shop, more than twice as many at weekends",
          25, 60, weekend=(2.0, 2.6)),
    _week("discount day", "retail", "a few hundred orders of an online shop, with a day of enormous discounts halfway",
          150, 380, event=Event("spike", 0.5, 3.0, 4.5)),
    _year("heaters", "retail", "a few dozen heaters sold by a store, with the peak at the turn of the year",
          25, 60, peaks=_bump(0.0, 1.8, 0.12)),
    # energy
    _day("homes", "energy", "a few hundred kilowatts that a street of homes draws, highest in the evening",
         150, 380, peaks=_bump(0.83, 1.2)),
    _day("offices", "energy", "a few dozen kilowatts that an office draws, highest at midday", 25, 60,
         peaks=_bump(0.52, 1.4)),
    _day("furnace", "energy", "a few dozen kilowatts of a furnace that runs day and night, stopped once by a fault "
         "near the end", 25, 60, event=Event("dip", 0.8, 0.0, 0.15)),
    # traffic
    _day("commuters", "traffic", "a few hundred cars that enter a city, busiest in the morning", 150, 380,
         peaks=_bump(0.33, 1.6)),
    _day("night freight", "traffic", "a few dozen lorries on a motorway, busiest in the small hours", 25, 60,
         peaks=_bump(0.1, 1.5)),
    _week("ferry", "traffic", "a few hundred cars on a ferry, doubled for good by a new ship after a third of the time",
          150, 380, event=Event("step", 0.33, 1.9, 2.4)),
    # web
    _day("video site", "web", "a few hundred viewers of a video site, busiest late in the evening", 150, 380,
         peaks=_bump(0.93, 1.6)),
    _day("viral post", "web", "a few dozen readers of a blog around the clock, with one post that goes viral early on",
         25, 60, event=Event("spike", 0.25, 3.0, 4.5)),
    _week("sign-ups", "web", "a few dozen sign-ups to a service that grows steadily to twice its size", 25, 60,
          trend=(0.6, 0.9)),
    # weather
    _day("temperature", "weather", "temperatures between ten and thirty degrees, warmest in the afternoon", 12, 17,
         peaks=_bump(0.63, 0.8, 0.14), decimals=1, noise=0.03),
    _year("lightning", "weather", "a few hundred lightning strikes of a region, with the peak at midsummer", 120, 300,
          peaks=_bump(0.5, 1.5, 0.13)),
    _week("lake level", "weather", "a lake several metres deep that falls steadily in a dry spell", 4, 9,
          trend=(-0.8, -0.5), decimals=2, noise=0.02),
    # finance
    _week("payments", "finance", "a few hundred payments of a business, hardly any of them at weekends", 150, 380,
          weekend=(0.15, 0.3)),
    _week("share", "finance", "a share of a few dozen dollars that loses a third overnight in the middle", 25, 60,
          event=Event("step", 0.5, 0.55, 0.68), decimals=1, noise=0.03),
    _year("bonus", "finance", "a few dozen million dollars of savings deposits, with the peak in early spring", 25, 60,
          peaks=_bump(0.2, 1.4, 0.12)),
    # sports venues
    _week("stadium tours", "sports", "a few hundred visitors of a stadium tour, half as many again at weekends",
          150, 380,
          weekend=(1.5, 1.8)),
    _day("gym", "sports", "a few dozen people in a gym, busiest before work", 25, 60, peaks=_bump(0.28, 1.6)),
    _day("match", "sports", "a few hundred people in the streets around an arena, with one match near the end",
         150, 380,
         event=Event("spike", 0.75, 3.0, 4.5)),
    # food
    _day("lunch counter", "food", "a few dozen meals of a canteen, busiest at noon", 25, 60,
         peaks=_bump(0.5, 1.8)),
    _week("bakery", "food", "a few hundred loaves of a bakery, two thirds as many at weekends", 150, 380,
          weekend=(0.55, 0.75)),
    _year("ice cream", "food", "a few hundred boxes of ice cream, with the peak in high summer, growing every year",
          150, 380, peaks=_bump(0.58, 1.5, 0.12), trend=(0.5, 0.8)),
    # agriculture, held out
    _day("greenhouse", "agriculture", "temperatures between fifteen and forty degrees in a greenhouse, hottest in the "
         "early afternoon", 18, 24,
         peaks=_bump(0.58, 0.7, 0.12), decimals=1, noise=0.03),
    _week("milk", "agriculture", "a few dozen litres of milk of a farm, falling steadily through the season", 25, 60,
          trend=(-0.8, -0.5)),
    _year("harvest", "agriculture", "a few dozen tonnes of vegetables, with the peak in early autumn", 25, 60,
          peaks=_bump(0.7, 1.6, 0.12)),
    # education, held out
    _week("library", "education", "a few hundred loans of a school library, hardly any at weekends", 150, 380,
          weekend=(0.1, 0.25)),
    _day("campus network", "education", "a few hundred devices on a campus, busiest in mid-morning", 150, 380,
         peaks=_bump(0.43, 1.5)),
    _week("enrolment", "education", "a few dozen questions to a college, with one deadline after two thirds of the "
          "time", 25, 60, event=Event("spike", 0.67, 3.0, 4.5)),
    # healthcare, held out
    _day("emergency room", "healthcare", "a few dozen patients in an emergency room, busiest in the evening",
         25, 60, peaks=_bump(0.8, 1.2)),
    _week("clinic", "healthcare", "a few hundred patients of a clinic, halved for good after a third of the time",
          150, 380,
          event=Event("step", 0.33, 0.42, 0.55)),
    _year("flu", "healthcare", "a few hundred cases of flu, with the peak in late winter", 150, 380,
          peaks=_bump(0.12, 1.8, 0.11)),
)  # fmt: skip
