"""Rationales of event-aware forecasting, from what the oracle computed; they never see the truth."""

from __future__ import annotations

from numpy.random import Generator

from recipes.timeomni1.tasks.drawing import ROWS, SLIPS, Floats, bracketed, say
from recipes.timeomni1.tasks.forecasting.solver import Solution, Window
from recipes.timeomni1.tasks.forecasting.steps import SHORT, STEPS
from recipes.timeomni1.tasks.forecasting.windows import COMING_CHANCE, PAST_CHANCE

_WITH_EVENT = 1 - (1 - PAST_CHANCE) * (1 - COMING_CHANCE)


def full(rng: Generator, window: Window, solution: Solution) -> tuple[str, bool]:
    """The five steps of the paper's template, and whether a wrong first thought is corrected."""
    unit = {"unit": window.unit}
    lines = [say(rng, STEPS["baseline"], baseline=bracketed(solution.baseline, 0)), _impact(rng, window, solution)]
    coming = window.coming
    if coming is None:
        lines.append(say(rng, STEPS["ordinary"]))
    elif window.law == "venue":
        lines.append(
            say(rng, STEPS["crowd"], start=_clock(coming.start), end=_clock(coming.end), size=str(coming.size),
                arrival=str(solution.coming.arrival), departure=str(solution.coming.departure))
        )  # fmt: skip
    else:
        lines.append(
            say(rng, STEPS["spell"], kind=coming.kind, start=_clock(coming.start), end=_clock(coming.end),
                percent=_signed(solution.coming.percent))
        )  # fmt: skip
    disturbed = window.past or coming
    slip = disturbed is not None and rng.random() < SLIPS / _WITH_EVENT
    if slip:
        assert disturbed is not None
        hour = disturbed.end if window.law == "venue" else disturbed.start
        lines.append(say(rng, STEPS["slip"], value=f"{window.days[1][hour]:.0f}", hour=_clock(hour), **unit))
    uplift = _uplift(solution.uplift)
    lines.append(say(rng, STEPS["sequence"], uplift=uplift) if uplift else say(rng, STEPS["same"]))
    lines.append(say(rng, STEPS["final"], forecast=bracketed(solution.forecast, 0)))
    return "\n".join(lines), slip


def short(window: Window, solution: Solution) -> str:
    """The rows of the table that events touch, what they add, and then every row with its forecast."""
    first, second = window.days
    values = zip(first, second, strict=True)
    rows = [f"{ROWS[slot]}{one:.0f} {two:.0f}" for slot, (one, two) in enumerate(values)]
    lines = " ".join(f"{row}={value:.0f}" for row, value in zip(rows, solution.forecast, strict=True))
    past, coming = window.past, window.coming
    assert past is not None, "the short size always shows an event"
    if coming is None:
        return SHORT["none"][0].format(before_row=rows[past.start], rows=lines)
    return SHORT["event"][0].format(
        before_row=rows[past.start],
        seen=f"{second[past.start]:.0f}",
        usual=f"{first[past.start]:.0f}",
        gain=solution.past.total,
        size=past.size,
        slot_row=rows[coming.start],
        base=f"{solution.baseline[coming.start]:.0f}",
        add=solution.coming.total,
        total=f"{solution.forecast[coming.start]:.0f}",
        crowd=coming.size,
        rows=lines,
    )


def _impact(rng: Generator, window: Window, solution: Solution) -> str:
    past, seen = window.past, solution.past
    if window.law == "venue":
        if past is not None:
            return say(rng, STEPS["visit"], start=_clock(past.start), end=_clock(past.end), size=str(past.size),
                       arrival=str(seen.arrival), total=str(seen.total), hours=str(seen.hours),
                       departure=str(seen.departure), unit=window.unit)  # fmt: skip
        if window.rule:
            size, arrival, departure = (str(number) for number in window.rule)
            return say(rng, STEPS["fact"], size=size, arrival=arrival, departure=departure, unit=window.unit)
    elif past is not None:
        return say(rng, STEPS["change"], kind=past.kind, start=_clock(past.start), end=_clock(past.end),
                   percent=_signed(seen.percent))  # fmt: skip
    elif window.coming is not None:
        return say(rng, STEPS["rule"], kind=window.coming.kind, percent=_signed(seen.percent))
    return say(rng, STEPS["quiet"])


def _uplift(uplift: Floats) -> str:
    return ", ".join(f"{_clock(hour)} {_signed(int(value))}" for hour, value in enumerate(uplift) if value)


def _clock(hour: int) -> str:
    return f"{hour:02d}:00"


def _signed(value: int) -> str:
    return f"{value:+d}"
