"""The library of the size ``short``: what is counted and the pattern of its values, each a phrase of its own.

A small model learns no words from text: it knows the phrases that SFT has shown it. Out of distribution are therefore
not new words, as at the paper's size, but combinations of a thing with a pattern that training has never shown, while
it has shown both, each in other company.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from recipes.timeomni1.tasks.scenario.scenarios import HELD_OUT, SCENARIOS, Scenario

# Sentences whose two parts are not told apart by their first comma.
_PARTS = {
    "sign-ups": ("a few dozen sign-ups to a service", "growing steadily to twice as many"),
    "lake level": ("a lake several metres deep", "falling steadily in a dry spell"),
    "share": ("a share of a few dozen dollars", "a third lost overnight in the middle"),
}
_HELD_OUT_EVERY = 3  # of the combinations of one cycle


def parts(scenario: Scenario) -> tuple[str, str]:
    """The thing, with its typical size, and the pattern; a peak is called by one word, whatever is counted."""
    if scenario.name in _PARTS:
        return _PARTS[scenario.name]
    thing, _, pattern = scenario.sentence.partition(", ")
    return thing, re.sub(r"^(?:busiest|warmest)\b", "highest", pattern)


def sentence(thing: str, pattern: str) -> str:
    """The two parts as they are joined in ``Scenario.sentence``."""
    return f"{thing}, {pattern}"


@cache
def library(ood: bool) -> tuple[Scenario, ...]:
    """The scenarios to draw from: the library's own and two thirds of the combinations, or the held-out third.

    What is counted is combined with every pattern of its cycle that is no event, for events belong to their thing.
    """
    known = [one for one in SCENARIOS if one.domain not in HELD_OUT]
    found = [] if ood else [replace(one, sentence=sentence(*parts(one))) for one in known]
    counted = [one for one in known if one.decimals == 0]
    for cycle in ("day", "week", "year"):
        things = [one for one in counted if one.cycle == cycle]
        patterns = [one for one in things if one.event is None]
        for row, thing in enumerate(things):
            for column, pattern in enumerate(patterns):
                if thing is not pattern and ((row + column) % _HELD_OUT_EVERY == 0) == ood:
                    found.append(_combined(thing, pattern))
    return tuple(found)


def _combined(thing: Scenario, pattern: Scenario) -> Scenario:
    return replace(
        thing,
        name=f"{thing.name}, {pattern.name}",
        sentence=sentence(parts(thing)[0], parts(pattern)[1]),
        peaks=pattern.peaks,
        weekend=pattern.weekend,
        trend=pattern.trend,
        event=None,
    )
