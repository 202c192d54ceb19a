"""The reasoning of task 1 in the paper's five steps: length, magnitude, shape, events, double check.

Every number can be recomputed from the printed series and the options (``predicates.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recipes.timeomni1.item import Size
from recipes.timeomni1.tasks.drawing import LETTERS, SLIPS
from recipes.timeomni1.tasks.scenario import predicates as measure
from recipes.timeomni1.tasks.scenario.predicates import Floats
from recipes.timeomni1.tasks.scenario.scenarios import Sampling, Scenario

# What speaks against an option, by the claim that fails.
_AGAINST = {
    "length": ("states another length", "has the wrong number of values",
               "is not of this length", "is ruled out by length"),
    "size": ("expects another magnitude", "is of another size",
             "does not fit the magnitude", "has other typical values"),
    "cycle": ("expects another rhythm", "does not fit the rhythm",
              "has another cycle", "repeats differently"),
    "peak": ("peaks at another time", "has its peak elsewhere",
             "expects the peak at another time", "is highest elsewhere"),
    "weekend": ("has other weekends", "does not fit the weekends",
                "expects other weekends", "differs at weekends"),
    "spike": ("differs in its spike", "does not fit the highest value",
              "expects another spike", "is refuted by the spikes"),
    "dip": ("differs in its lowest point", "does not fit the lowest value",
            "expects another dip", "is refuted by the dips"),
    "step": ("differs in its change of level", "does not fit the level",
             "expects another step", "is refuted by the level"),
    "trend": ("has another trend", "does not fit the trend",
              "expects another trend", "is refuted by the trend"),
}  # fmt: skip


class Stated(Protocol):
    """An option as the task module has it."""

    @property
    def scenario(self) -> Scenario: ...
    @property
    def sampling(self) -> Sampling: ...
    @property
    def length(self) -> int: ...
    def refutes(self, series: Floats) -> str | None: ...


def write(options: Sequence[Stated], series: Floats, right: int, size: Size, rng: np.random.Generator) -> str | None:
    """The text inside ``<think>``: marks and verdicts for a small model, five steps in several wordings otherwise.

    None where the few words of the short form do not tell the options apart.
    """
    if size.name == "short":
        return short(options, series, right)
    reasons = [None if place == right else one.refutes(series) for place, one in enumerate(options)]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(_steps(options, series, right, reasons, rng), 1))


def short(options: Sequence[Stated], series: Floats, right: int) -> str | None:
    """What each option leads to expect, what the series shows, and both side by side until they differ.

    Lines of four values and digits of the typical value, in one number, and a mark; behind each pair of what is seen
    and what is expected + for a fit and - for none. None where these few words do not tell the options apart.
    """
    seen = _mark(options[right].scenario, len(series), (series, options[right].sampling.period))
    lines, digits = len(series) // 4, _digits(float(np.median(series)))
    expected, checks, fitting = [], [], []
    for letter, one in zip(LETTERS, options, strict=False):
        middle = _digits((one.scenario.low * one.scenario.high) ** 0.5)
        mark = _mark(one.scenario, one.length)
        expected.append(f"{letter} {one.length // 4}{middle} {mark}")
        checks.append(f"{letter}")
        for pair, fits in (
            (f"{lines}{one.length // 4}", one.length == len(series)),
            (f"{digits}{middle}", digits == middle),
            (f"{seen} {mark}", mark.agrees(seen)),
        ):
            checks.append(f"{pair}{'+' if fits else '-'}")
            if not fits:
                break
        else:
            fitting.append(letter)
    if fitting != [LETTERS[right]]:
        return None
    return f"{', '.join(expected)}. Seen {lines}{digits} {seen}. {' '.join(checks)}. So {LETTERS[right]}."


@dataclass(frozen=True)
class Mark:
    """What stands out of a series. place: of an event the line of four values, of a cycle the place of its peak."""

    kind: str
    place: int

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"

    def agrees(self, other: Mark) -> bool:
        """Whether it is the same thing at the same place; a peak may be one place off, around the clock."""
        if self.kind == "peak" == other.kind:
            return (self.place - other.place + 1) % 12 <= 2
        return self == other


def _digits(median: float) -> int:
    """How many digits a typical value has before the point."""
    return len(str(int(median)))


def _mark(scenario: Scenario, length: int, seen: tuple[Floats, int] | None = None) -> Mark:
    """What a scenario leads to expect of ``length`` values or, of the same kind, what the series (n,) shows."""
    event = scenario.event
    if event is not None:
        place = round(event.at * length)
        if seen is not None and event.kind != "step":
            place = int(seen[0].argmax() if event.kind == "spike" else seen[0].argmin())
        kind = event.kind if event.kind != "step" else "rise" if event.low > 1 else "fall"
        return Mark(kind, place // 4 + 1)
    if scenario.weekend:
        ratio = sum(scenario.weekend) / 2 if seen is None else measure.weekend(*seen)
        return Mark("weekend", 0 if ratio < 0.4 else 1 if ratio < 1 else 2 if ratio < 1.9 else 3)
    if scenario.peaks:
        top = max(scenario.peaks, key=lambda one: one[2])[0]
        return Mark("peak", int(top * 12) + 1 if seen is None else measure.peak(*seen) + 1)
    assert scenario.trend is not None, "a scenario has an event, weekends, a cycle or a trend"
    change = sum(scenario.trend) if seen is None else measure.trend(*seen)
    return Mark("trend", 2 if change > 0 else 0)


def _steps(
    options: Sequence[Stated], series: Floats, right: int, reasons: Sequence[str | None], rng: np.random.Generator
) -> list[str]:
    def say(*wordings: str) -> str:
        return wordings[int(rng.integers(len(wordings)))]

    chosen, period = options[right], options[right].sampling.period
    fitting = " and ".join(LETTERS[place] for place, one in enumerate(options) if one.length == len(series))
    shown = chosen.scenario.format
    low, middle, high = (shown(float(value)) for value in (series.min(), np.median(series), series.max()))
    against = [
        f"{LETTERS[place]} {say(*_AGAINST[reason])}" for place, reason in enumerate(reasons) if reason is not None
    ]
    steps = [
        say(
            f"Length check: the list has {len(series)} values, as stated in {fitting}.",
            f"I count {len(series)} values; the length fits {fitting}.",
            f"There are {len(series)} values, so by length I keep {fitting}.",
            f"Number of values: {len(series)}. Options with this length: {fitting}.",
        ),
        say(
            f"Magnitude: the values run from {low} to {high} with a median of {middle}.",
            f"Sanity of size: the median is {middle}, the extremes are {low} and {high}.",
            f"A typical value is {middle}; the lowest is {low} and the highest {high}.",
            f"The level is about {middle}, between {low} and {high}.",
        ),
        _shape(chosen.scenario, series, period, say),
        _events(series, say),
        f"{say('Double check', 'To be sure', 'Against the others', 'Checking every option')}: {'; '.join(against)}. "
        + say(
            f"Option {LETTERS[right]} is consistent with everything.",
            f"Only {LETTERS[right]} agrees with all of it.",
            f"This leaves {LETTERS[right]}.",
            f"So the answer is {LETTERS[right]}.",
        ),
    ]
    if rng.random() < SLIPS:
        wrong = int(rng.choice([place for place, reason in enumerate(reasons) if reason is not None]))
        reason = reasons[wrong]
        assert reason is not None
        steps[0] = f"At first sight it could be {LETTERS[wrong]}, but that {say(*_AGAINST[reason])}. {steps[0]}"
    return steps


def _shape(scenario: Scenario, series: Floats, period: int, say: Callable[..., str]) -> str:
    strength = f"{measure.cycle(series, period):.2f}"
    if scenario.weekend:
        ratio = f"{measure.weekend(series, period):.2f}"
        return say(
            f"Shape: with a period of {period} the autocorrelation is {strength}; weekends are {ratio} of weekdays.",
            f"The weekly pattern (autocorrelation {strength} at lag {period}) has weekends at {ratio} of weekdays.",
            f"Every {period} values it repeats ({strength}); the last two of a week have {ratio} of the others.",
            f"Lag {period} gives {strength}, and weekends come to {ratio} of weekdays.",
        )
    if scenario.peaks:
        top = measure.peak(series, period) + 1
        return say(
            f"Shape: it repeats every {period} values (autocorrelation {strength}), highest at value {top} of a cycle.",
            f"The mean cycle of {period} values peaks at its value {top}; the autocorrelation is {strength}.",
            f"With lag {period} the autocorrelation is {strength}, and the cycle is highest at its value {top}.",
            f"There is a cycle of {period} values ({strength}) with the peak at place {top}.",
        )
    change = f"{measure.trend(series, period):+.2f}"
    return say(
        f"Shape: no cycle at lag {period} (autocorrelation {strength}); the trend is {change} of the mean.",
        f"At lag {period} the autocorrelation is {strength}, and the trend amounts to {change} of the mean.",
        f"The change along the series is {change} of the mean; lag {period} gives {strength}.",
        f"Autocorrelation at lag {period}: {strength}. Trend relative to the mean: {change}.",
    )


def _events(series: Floats, say: Callable[..., str]) -> str:
    top, bottom = int(series.argmax()) + 1, int(series.argmin()) + 1
    spike, dip = f"{measure.largest_spike(series, 1):.2f}", f"{measure.deepest_dip(series, 1):.2f}"
    return say(
        f"Events: the highest value, number {top}, is {spike} times the ordinary highs; the lowest, number {bottom}, "
        f"is {dip} times the ordinary lows.",
        f"Value {top} reaches {spike} of the usual highs, value {bottom} {dip} of the usual lows.",
        f"Compared with the usual highs the maximum (value {top}) is {spike}; compared with the usual lows the minimum "
        f"(value {bottom}) is {dip}.",
        f"Looking for events: maximum at {top}, {spike} of the highs; minimum at {bottom}, {dip} of the lows.",
    )
