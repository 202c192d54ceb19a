"""The short form: twelve days of nine values of one digit, read as letters by a model of a million weights.

Every series has one 9, the peak, and one 0, the dip, and an 8 and a 1 that look alike from above; all other values are
2 to 7. From above each day shows its highest and lowest value, and nothing of where in the day they stand, which is
what is asked:

* ``peak`` and ``dip``: in which third of its day; one segment;
* ``same``: whether both stand in the same third of their days; two segments, of which one is worth nothing.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator

from recipes.artist.question import Floats, Interval, Question
from recipes.artist.views import ViewSettings

DAYS, STEPS = 12, 9
THIRDS = ("first", "second", "third")
FINDS = (9, 8, 0, 1)  # of a day each: the peak, its rival, the dip, its rival
_NEEDED = {"peak": (9,), "dip": (0,), "same": (9, 0)}
KINDS, HELD_OUT = tuple(_NEEDED), ()
BINS = (DAYS, DAYS)  # of an overview
_TEXTS = {
    "peak": "In which third of its day is the peak?",
    "dip": "In which third of its day is the dip?",
    "same": "Are the peak and the dip in the same third of their days?",
}
_OPTIONS = {"same": {"A": "yes", "B": "no"}}
_WHICH = dict(zip("ABC", THIRDS, strict=True))


def draw(random: Generator, kind: str, settings: ViewSettings) -> Question:
    """A question."""
    series = random.integers(2, 8, (DAYS, STEPS))
    days = dict(zip(FINDS, random.permutation(DAYS)[:4], strict=True))
    for value, day in days.items():
        series[day, random.integers(STEPS)] = value
    options = _OPTIONS.get(kind, _WHICH)
    truth = str(random.choice(list(options)))
    thirds = {value: int(random.integers(3)) for value in (9, 0)}
    if kind == "same":
        thirds[0] = thirds[9] if truth == "A" else (thirds[9] + int(random.integers(1, 3))) % 3
    else:
        thirds[_NEEDED[kind][0]] = list(options).index(truth)
    for value, third in thirds.items():
        _move(series[days[value]], value, 3 * third + int(random.integers(3)))
    return Question(
        series.reshape(-1).astype(np.float64),
        _TEXTS[kind],
        options,
        truth,
        kind,
        needed=len(_NEEDED[kind]),
        evidence=tuple(_day(days[value]) for value in _NEEDED[kind]),
    )


def twins(question: Question, settings: ViewSettings) -> Mapping[str, Floats]:
    """For each letter a series with the same days, in which the last find stands elsewhere in its day."""
    found = {}
    needed = _NEEDED[question.kind]
    first, last = where(question, needed[0]), where(question, needed[-1])
    for place, letter in enumerate(question.options):
        third = (first[1] // 3 + place) % 3 if question.kind == "same" else place
        days = question.series.reshape(DAYS, STEPS).copy()
        _move(days[last[0]], needed[-1], 3 * third + last[1] % 3)
        found[letter] = days.reshape(-1)
    return found


def measured(question: Question) -> str:
    """The letter that the evidence alone leads to."""
    thirds = []
    for value, (start, end) in zip(_NEEDED[question.kind], question.evidence, strict=True):
        thirds.append(int(np.flatnonzero(question.series[start:end] == value)[0]) // 3)
    return ("A" if thirds[0] == thirds[1] else "B") if question.kind == "same" else "ABC"[thirds[0]]


def places(question: Question) -> list[Interval]:
    """The days of the four finds."""
    return [_day(where(question, value)[0]) for value in FINDS]


def looking(question: Question, target: Interval) -> str:
    """Which day has which find, and which of them is looked at: its digit, then its letter."""
    days = [where(question, value)[0] for value in FINDS]
    names = [f"{value}{string.ascii_uppercase[day]}" for value, day in zip(FINDS, days, strict=True)]
    return f"{''.join(names)}: look at {names[days.index(target[0] // STEPS)]}"


def enough(question: Question) -> str:
    """Before the answer is accepted."""
    return "Enough"


def reasoning(question: Question, segments: Sequence[Interval]) -> tuple[str, str | None]:
    """Which find stands at which step, and in which third; and the letter, None where the segments do not tell."""
    read = {start for start, _ in segments}
    said, thirds = "", {}
    for value in FINDS:
        day, step = where(question, value)
        inside = day * STEPS in read
        said += f"{value}{string.ascii_lowercase[step]}" if inside else f"{value}-"
        thirds[value] = THIRDS[step // 3] if inside else "unknown"
    told = set(question.evidence) <= set(segments)
    return f"{said}: {thirds[9]} and {thirds[0]}", measured(question) if told else None


def where(question: Question, value: int) -> tuple[int, int]:
    """The day and the step in it of a find."""
    day, step = divmod(int(np.flatnonzero(question.series == value)[0]), STEPS)
    return day, step


def _day(day: int) -> Interval:
    return int(day) * STEPS, int(day + 1) * STEPS


def _move(day: Floats, value: int, step: int) -> None:
    """Exchange the find with what stands at this step: the day has the same values as before."""
    before = int(np.flatnonzero(day == value)[0])
    day[before], day[step] = day[step], value
