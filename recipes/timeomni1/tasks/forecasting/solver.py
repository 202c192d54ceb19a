"""How the oracle of event-aware forecasting works, in whole numbers that a reader can follow by hand.

It sees the printed window only: the baseline is the mean of the undisturbed hours of both days, the effect of an
event is the difference between the days (or the stated experience), scaled to what is announced for the next day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recipes.timeomni1.tasks.demand import DAY, Event
from recipes.timeomni1.tasks.drawing import Floats

# Hours of departures that are added up to measure them, and hours over which they are forecast.
MEASURED, LASTING = 3, 6


@dataclass(frozen=True)
class Window:
    """What a question says. history: (2 days,) values; past and coming: the events of day two and of the next day.

    Args:
        rule: without a past event, the stated experience: (visitors, arrivals an hour, departures in the first hour)
            for a venue, (percent,) for a load.
    """

    law: str  # venue, load or slots
    unit: str
    history: Floats
    past: Event | None
    coming: Event | None
    rule: tuple[int, ...] = ()

    @property
    def days(self) -> tuple[Floats, Floats]:
        """Day one and day two."""
        half = len(self.history) // 2
        return self.history[:half], self.history[half:]


@dataclass(frozen=True)
class Impact:
    """What one event adds: trips an hour around its start, and in the first hour after its end; or percent."""

    arrival: int = 0
    departure: int = 0
    total: int = 0  # departures in the measured hours
    hours: int = 0  # measured hours
    percent: int = 0


@dataclass(frozen=True)
class Solution:
    """Baseline, change and forecast of the next day, (H,) whole numbers, with the impacts they rest on."""

    baseline: Floats
    uplift: Floats
    past: Impact
    coming: Impact

    @property
    def forecast(self) -> Floats:
        """Baseline plus change, never negative."""
        return np.maximum(self.baseline + self.uplift, 0.0)


def whole(value: float | Floats) -> Floats:
    """Rounded as by hand: halves go up."""
    return np.floor(np.asarray(value, dtype=np.float64) + 0.5)


def solve(window: Window) -> Solution:
    """The oracle's forecast, from the window alone."""
    return {"venue": _venue, "load": _load, "slots": _slots}[window.law](window)


def _mean_of_quiet_hours(window: Window, touched: slice) -> Floats:
    """Mean of both days, and day one alone where the event of day two touches it."""
    first, second = window.days
    baseline = (first + second) / 2
    if window.past is not None:
        baseline[touched] = first[touched]
    return whole(baseline)


def _venue(window: Window) -> Solution:
    first, second = window.days
    past = window.past
    uplift = np.zeros(DAY)
    if past is None:
        baseline, seen = _mean_of_quiet_hours(window, slice(0)), Impact()
    else:
        quiet = (first + second) / 2
        quiet[past.start - 3 : past.start + 1] = first[past.start - 3 : past.start + 1]
        quiet[past.end :] = first[past.end :]
        baseline, extra = whole(quiet), second - first
        hours = min(MEASURED, DAY - past.end)
        total = extra[past.end : past.end + hours].sum()
        seen = Impact(
            arrival=max(0, int(whole(extra[past.start - 2 : past.start + 1].mean()))),
            departure=max(0, int(whole(total / sum(0.5**i for i in range(hours))))),
            total=int(total),
            hours=hours,
        )
        for i in range(DAY - past.end, LASTING):  # the last guests of day two leave after midnight
            uplift[past.end + i - DAY] += whole(seen.departure * 0.5**i)
    coming = window.coming
    if coming is None:
        return Solution(baseline, uplift, seen, Impact())
    size, arrival, departure = (past.size, seen.arrival, seen.departure) if past else window.rule
    scaled = Impact(int(whole(arrival * coming.size / size)), int(whole(departure * coming.size / size)))
    uplift[coming.start - 2 : coming.start + 1] += scaled.arrival
    for i in range(min(LASTING, DAY - coming.end)):
        uplift[coming.end + i] += whole(scaled.departure * 0.5**i)
    return Solution(baseline, uplift, seen, scaled)


def _load(window: Window) -> Solution:
    first, second = window.days
    past, coming = window.past, window.coming
    touched = slice(past.start, past.end) if past else slice(0)
    baseline = _mean_of_quiet_hours(window, touched)
    percent = 0
    if past is not None:
        percent = int(whole(100 * (second[touched].sum() / first[touched].sum() - 1)))
    elif window.rule:
        percent = window.rule[0]
    seen = Impact(percent=percent)
    uplift = np.zeros(DAY)
    if coming is not None:
        hours = slice(coming.start, coming.end)
        uplift[hours] = whole(baseline[hours] * percent / 100)
    return Solution(baseline, uplift, seen, seen)


def _slots(window: Window) -> Solution:
    first, second = window.days
    past, coming = window.past, window.coming
    assert past is not None, "the short size always shows an event"
    baseline = _mean_of_quiet_hours(window, slice(past.start, past.start + 1))
    seen = int(second[past.start] - first[past.start])
    uplift = np.zeros(len(first))
    added = 0
    if coming is not None:
        added = int(whole(seen * coming.size / past.size))
        uplift[coming.start] = added
    return Solution(baseline, uplift, Impact(total=seen), Impact(total=added))
