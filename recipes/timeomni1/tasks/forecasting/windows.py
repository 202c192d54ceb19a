"""The questions of event-aware forecasting: drawn, written, and read back."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from recipes.timeomni1.tasks import demand
from recipes.timeomni1.tasks.demand import DAY, Event
from recipes.timeomni1.tasks.drawing import ROWS, Floats, bracketed, integer, numbers, uniform
from recipes.timeomni1.tasks.forecasting.solver import Window

PAST_CHANCE, COMING_CHANCE = 0.6, 0.7
SHOWS = ("basketball game", "concert", "boxing match", "ice hockey game", "stage show")
SPELLS = {"heat wave": 1, "cold spell": 1, "typhoon": -1, "public holiday": -1}
_NONE = "no significant events"
_VENUE_RULE = re.compile(r"(\d+) visitors usually add about (\d+) trips an hour around the start and about (\d+) ")
_LOAD_RULE = re.compile(r"changes the load by about (-?\d+) percent")
_EVENTS = re.compile(r"^Events in (?:this window|the next 24 hours): (.*)\.$", re.MULTILINE)
_SHOW = re.compile(r"([a-z ]+) on \S+ at (\d\d):00, (\d+) hours, (\d+) visitors")
_SPELL = re.compile(r"([a-z ]+) on \S+ from (\d\d):00 to (\d\d):00")


@dataclass(frozen=True)
class Drawn:
    """A question with what only the simulator knows: mean and printed values of all three days."""

    question: str
    domain: str
    mean: Floats
    values: Floats


def read(question: str) -> Window:
    """Read the window back from the question."""
    if question.startswith("Trips by slot"):
        return _read_slots(question)
    series = re.search(r"\[([^\]]*)\]", question)
    events = _EVENTS.findall(question)
    if series is None or len(events) != 2:
        raise ValueError("not a question of this task: it prints its history in brackets, and the events of both days")
    past, coming = _read_event(events[0], 1), _read_event(events[1], 2)
    venue = question.startswith("Hourly trips")
    rule = (_VENUE_RULE if venue else _LOAD_RULE).search(question)
    law, unit = ("venue", "trips") if venue else ("load", "kW")
    stated = tuple(int(number) for number in rule.groups()) if rule else ()
    return Window(law, unit, numbers(series[1]), past, coming, stated)


def _read_event(text: str, day: int) -> Event | None:
    if show := _SHOW.fullmatch(text):
        return Event(show[1], day, int(show[2]), int(show[3]), int(show[4]))
    if spell := _SPELL.fullmatch(text):
        return Event(spell[1], day, int(spell[2]), int(spell[3]) - int(spell[2]))
    return None


def _read_slots(question: str) -> Window:
    table = np.array([numbers(row) for row in re.findall(r"^[a-j](\d \d)$", question, flags=re.MULTILINE)])
    events = {
        int(day): Event("event", int(day) - 1, ROWS.index(slot), 1, int(size))
        for day, slot, size in re.findall(r"Day (\d): slot ([a-j]), (\d)", question)
    }
    return Window("slots", "trips", table.T.ravel(), events.get(2), events.get(3))


def draw_venue(rng: Generator) -> Drawn:
    """In distribution: trips around an arena, 48 hours printed, Poisson counts."""
    past, coming = rng.random() < PAST_CHANCE, rng.random() < COMING_CHANCE
    shows = [
        Event(SHOWS[int(rng.integers(len(SHOWS)))], day, integer(rng, (13, 20)), 3, 500 * integer(rng, (16, 36)))
        for day in (1, 2)
    ]
    level, gain = uniform(rng, (0.5, 2.0)), uniform(rng, (0.2, 0.5))
    events = [event for event, happens in zip(shows, (past, coming), strict=True) if happens]
    mean = demand.venue_mean(level, gain, events)
    values = rng.poisson(mean).astype(np.float64)
    days = _days(rng)
    rule = ""
    if coming and not past:  # nothing in the history shows the impact, so the question has to say it
        # Mean of the arrival bump over the three hours around the start, and the first hour of departures.
        arrival, departure = (5 * round(gain * 150 * weight / 5) for weight in (0.64, 2.0))
        rule = (
            f"Experience: 15000 visitors usually add about {arrival} trips an hour around the start and about "
            f"{departure} in the hour after the end.\n"
        )
    question = (
        f"Hourly trips from and to an arena in the past 48 hours, {days[0]} 00:00 to {days[1]} 23:00: "
        f"{bracketed(values[: 2 * DAY], 0)}\n"
        "Visitors come in the hours around the start of an event and leave after its end, about half as many every "
        "hour.\n"
        f"Events in this window: {_show(shows[0], days) if past else _NONE}.\n{rule}"
        f"Events in the next 24 hours: {_show(shows[1], days) if coming else _NONE}.\n"
        f"Predict the trips of the next 24 hours, {days[2]} 00:00 to 23:00, as 24 values."
    )
    return Drawn(question, "arena", mean, values)


def draw_load(rng: Generator) -> Drawn:
    """Out of distribution: electricity load, which a spell changes by 15 to 40 % while it lasts."""
    past, coming = rng.random() < PAST_CHANCE, rng.random() < COMING_CHANCE
    kind = list(SPELLS)[int(rng.integers(len(SPELLS)))]
    spells = [Event(kind, day, integer(rng, (6, 12)), integer(rng, (6, 11))) for day in (1, 2)]
    effect = SPELLS[kind] * uniform(rng, (0.15, 0.40))
    domain, profile = (("homes", demand.HOMES), ("offices", demand.OFFICES))[int(rng.integers(2))]
    level = float(np.exp(rng.uniform(np.log(200), np.log(2000))))
    events = [event for event, happens in zip(spells, (past, coming), strict=True) if happens]
    mean = demand.load_mean(profile, level, effect, events)
    values = np.round(mean * (1 + 0.025 * rng.standard_normal(3 * DAY)))
    days = _days(rng)
    rule = ""
    if coming and not past:
        rule = f"Experience: a {kind} changes the load by about {100 * effect:.0f} percent while it lasts.\n"
    question = (
        f"Hourly electricity load of {domain} in kW in the past 48 hours, {days[0]} 00:00 to {days[1]} 23:00: "
        f"{bracketed(values[: 2 * DAY], 0)}\n"
        "An event changes the load by a constant share while it lasts.\n"
        f"Events in this window: {_spell(spells[0], days) if past else _NONE}.\n{rule}"
        f"Events in the next 24 hours: {_spell(spells[1], days) if coming else _NONE}.\n"
        f"Predict the load of the next 24 hours, {days[2]} 00:00 to 23:00, as 24 values."
    )
    return Drawn(question, domain, mean, values)


def draw_slots(rng: Generator, ood: bool) -> Drawn:
    """The short form: hundreds of trips in four-hour slots, each off by one with a chance of one in six.

    The usual day is drawn slot by slot, for no slot to follow from the others; an event adds two or three hundred trips
    per thousand visitors, so that nothing exceeds one digit.
    """
    size, largest = demand.SLOTS, 1 if ood else 2
    profile = rng.integers(2 if ood else 1, 4, size=size).astype(np.float64)
    past = Event("event", 1, int(rng.integers(size)), 1, integer(rng, (1, largest)))
    coming = Event("event", 2, int(rng.integers(size)), 1, integer(rng, (1, largest)))
    announced = rng.random() < COMING_CHANCE
    gain = 5.0 if ood else integer(rng, (2, 3))
    mean = demand.slot_mean(profile, gain, [past, coming] if announced else [past])
    values = np.minimum(mean + rng.choice([-1.0, 0.0, 1.0], size=len(mean), p=[0.08, 0.84, 0.08]), 9.0)
    rows = "\n".join(f"{ROWS[i]}{values[i]:.0f} {values[size + i]:.0f}" for i in range(size))
    day_three = f"slot {ROWS[coming.start]}, {coming.size} thousand visitors" if announced else "no event"
    question = (
        f"Trips by slot on day one and day two, in hundreds:\n{rows}\n"
        f"Day 2: slot {ROWS[past.start]}, {past.size} thousand visitors. Day 3: {day_three}.\nForecast day three."
    )
    return Drawn(question, "late-venue" if ood else "venue", mean, values)


def _days(rng: Generator) -> list[str]:
    first = dt.date(2014, 1, 1) + dt.timedelta(days=integer(rng, (0, 729)))
    return [str(first + dt.timedelta(days=day)) for day in range(3)]


def _show(event: Event, days: list[str]) -> str:
    return f"{event.kind} on {days[event.day]} at {event.start:02d}:00, {event.hours} hours, {event.size} visitors"


def _spell(event: Event, days: list[str]) -> str:
    return f"{event.kind} on {days[event.day]} from {event.start:02d}:00 to {event.end:02d}:00"
