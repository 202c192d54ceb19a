"""The long form: 400 to 4,000 steps, quiet but for three to six bursts, and questions of what happens inside some.

A question names bursts as the first, the last, the tallest or the smallest, which the overview shows; what it asks is
the order of values inside them, which it does not. Among any bursts that were looked at each name means one, so that
segments which distract do no harm once those that decide were read, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numpy.random import Generator

from recipes.artist.question import Floats, Interval, Question
from recipes.artist.questions import cycles, levels, order, scene, timing
from recipes.artist.questions.kind import NAMES, Kind
from recipes.artist.questions.shapes import SHAPES, arranged, recognised
from recipes.artist.views import ViewSettings
from src.tasks.choice.answer import letters

_TRAINED: Mapping[str, Kind] = {**order.KINDS, **cycles.KINDS, **timing.KINDS, **levels.KINDS}
_HELD_OUT: Mapping[str, Kind] = {**cycles.HELD_OUT, **timing.HELD_OUT}
_ALL = {**_TRAINED, **_HELD_OUT}
KINDS, HELD_OUT = tuple(_TRAINED), tuple(_HELD_OUT)
BINS = (12, 256)  # of an overview


def draw(random: Generator, kind: str, settings: ViewSettings) -> Question:
    """A question; a scene whose names do not mean as many bursts as the kind asks for is drawn again."""
    asked = _ALL[kind]
    while True:
        series, steps = scene.draw(random, settings)
        found = scene.bursts(series, steps)
        if len(found) < 3:
            continue
        meant = scene.named(series, found)
        chosen = [str(name) for name in random.permutation(NAMES)[: asked.bursts]]
        evidence = tuple(meant[name] for name in chosen)
        if len(set(evidence)) == asked.bursts:
            break
    for start, end in found:
        series[start:end] = arranged(series[start:end], asked.shapes[int(random.integers(len(asked.shapes)))])
    names = letters(len(asked.options))
    place = int(random.integers(len(names)))  # last, and evenly: what all twins share says nothing of it
    hidden = asked.hidden[place]
    _arrange(series, evidence, hidden[int(random.integers(len(hidden)))])
    return Question(
        series,
        asked.text.format(*chosen),
        {letter: text.format(*chosen) for letter, text in zip(names, asked.options, strict=True)},
        names[place],
        kind,
        needed=asked.bursts,
        evidence=evidence,
        about=f"The series is quiet but for {len(found)} bursts, short stretches of far wider swings.",
    )


def twins(question: Question, settings: ViewSettings) -> Mapping[str, Floats]:
    """For each letter the same series with the values of the bursts that are asked about in another order."""
    found = {}
    for place, letter in enumerate(question.options):
        found[letter] = question.series.copy()
        _arrange(found[letter], question.evidence, _ALL[question.kind].hidden[place][0])
    return found


def measured(question: Question) -> str:
    """The letter that the evidence leads to."""
    found = _told(question, question.evidence)
    assert found is not None
    return found


def places(question: Question) -> list[Interval]:
    """All bursts."""
    return scene.bursts(question.series, _steps(question))


def looking(question: Question, target: Interval) -> str:
    """Which burst is looked at."""
    meant = scene.named(question.series, places(question))
    names = [name for name, where in meant.items() if where == target]
    return f"The {names[0] if names else 'next'} burst is in steps [{target[0]}, {target[1]})."


def enough(question: Question) -> str:
    """Before the answer is accepted."""
    return "The segments show all that is asked."


def reasoning(question: Question, segments: Sequence[Interval]) -> tuple[str, str | None]:
    """What each burst does that the question means among those that were read; None where they are too few."""
    seen = [one for one in dict.fromkeys(segments) if one in places(question)]
    meant = scene.named(question.series, seen) if seen else {}
    asked = _asked(question)
    chosen = [meant[name] for name in asked if name in meant]
    if len(set(chosen)) < len(asked):
        return "These segments do not suffice: a burst that is asked about is not among them.", None
    said = []
    for name, where in zip(asked, chosen, strict=True):
        shape = SHAPES[recognised(question.series[slice(*where)], _ALL[question.kind].shapes)]
        said.append(f"Segment {list(segments).index(where) + 1} has the {name} burst, which {shape.says}.")
    return " ".join(said), _told(question, chosen)


def _told(question: Question, where: Sequence[Interval]) -> str | None:
    """The letter for what is seen in these bursts; None where no option fits."""
    kind = _ALL[question.kind]
    place = kind.tell([recognised(question.series[start:end], kind.shapes) for start, end in where])
    return None if place is None else list(question.options)[place]


def _asked(question: Question) -> list[str]:
    """The names in a question, in the order of its evidence."""
    meant = scene.named(question.series, places(question))
    words = question.text.replace(",", " ").replace(":", " ").replace("?", " ").split()
    named = sorted((words.index(name), name) for name in NAMES if name in words)
    return [next(name for _, name in named if meant[name] == one) for one in question.evidence]


def _arrange(series: Floats, where: Sequence[Interval], shapes: Sequence[str]) -> None:
    for (start, end), shape in zip(where, shapes, strict=True):
        series[start:end] = arranged(series[start:end], shape)


def _steps(question: Question) -> int:
    """Of a bin: each evidence is one."""
    return question.evidence[0][1] - question.evidence[0][0]
