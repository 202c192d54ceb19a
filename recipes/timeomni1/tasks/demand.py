"""Three days of demand with announced events: the noise-free mean, from which the printed counts are drawn.

Trips around a venue are a daily profile plus what an event adds; electricity load is a daily profile that weather or
a holiday changes by a share while it lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recipes.timeomni1.tasks.drawing import Floats

DAY = 24
TRIPS = np.array(
    [14, 9, 6, 4, 4, 5, 9, 16, 22, 23, 22, 22, 23, 23, 24, 25, 27, 31, 37, 41, 39, 34, 28, 21], dtype=np.float64
)  # fmt: skip
HOMES = np.array(
    [62, 57, 54, 53, 54, 60, 75, 92, 95, 90, 87, 86, 88, 86, 84, 86, 95, 112, 128, 134, 130, 118, 96, 76],
    dtype=np.float64,
) / 100  # fmt: skip
OFFICES = np.array(
    [50, 48, 47, 47, 48, 52, 66, 95, 128, 142, 148, 150, 145, 148, 150, 147, 138, 118, 92, 75, 66, 60, 55, 52],
    dtype=np.float64,
) / 100  # fmt: skip
# Four-hour slots of a day, of the size ``short``.
SLOTS = 6


@dataclass(frozen=True)
class Event:
    """An event of a day (0 to 2) that lasts ``hours`` from ``start``; size: visitors, 0 where nobody counts them."""

    kind: str
    day: int
    start: int
    hours: int
    size: int = 0

    @property
    def end(self) -> int:
        """The first hour of its day after the event."""
        return self.start + self.hours


def visitor_trips(event: Event) -> Floats:
    """Trips per hour (72,) that an event adds, for a gain of one trip per hundred visitors.

    A bump of 0.8 an hour before the start, and a surge of 2.0 after the end that decays within 1.3 hours.
    """
    hour = np.arange(3 * DAY)
    start, end = event.day * DAY + event.start, event.day * DAY + event.end
    arrival = 0.8 * np.exp(-0.5 * ((hour - (start - 1)) / 1.2) ** 2)
    departure = np.where(hour >= end, 2.0 * np.exp(-(hour - end) / 1.3), 0.0)
    return (arrival + departure) * event.size / 100


def venue_mean(level: float, gain: float, events: Sequence[Event]) -> Floats:
    """Mean trips per hour (72,)."""
    mean = np.tile(level * TRIPS, 3)
    for event in events:
        mean = mean + gain * visitor_trips(event)
    return mean


def load_mean(profile: Floats, level: float, effect: float, events: Sequence[Event]) -> Floats:
    """Mean load per hour (72,), changed by the share ``effect`` while an event lasts."""
    mean = np.tile(level * profile, 3)
    for event in events:
        mean[event.day * DAY + event.start : event.day * DAY + event.end] *= 1 + effect
    return mean


def slot_mean(profile: Floats, gain: float, events: Sequence[Event]) -> Floats:
    """Mean trips per slot (18,), three days of six slots; an event adds ``gain`` per visitor unit in its slot."""
    mean = np.tile(profile, 3)
    for event in events:
        mean[event.day * len(profile) + event.start] += gain * event.size
    return mean
