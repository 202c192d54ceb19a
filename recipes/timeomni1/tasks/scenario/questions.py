"""Task 1, scenario understanding: which of four scenarios made this series? (TimeOmni-1, section 3.)

Four scenarios with lengths are drawn first, and a series is made for each of them; the question is accepted only when
each of the four could be the answer: all of its own claims hold, and each of the other three sentences is clearly wrong
in one of its claims or states another length. The answer is then drawn. So exactly one option is true, and neither a
sentence nor a pattern of lengths says anything about which.
Size ``paper`` holds whole domains out, size ``short`` combinations of a thing with a pattern (``short.py``).

Levels (labels, in the mix 20/40/40): 1, all four lengths differ; 2, they come in two pairs; 3, all are the same. A
solver that looks at the length alone gets 1, 1/2 and 1/4 of them, 0.5 in the mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.tasks.drawing import LETTERS
from recipes.timeomni1.tasks.scenario import rationale
from recipes.timeomni1.tasks.scenario.predicates import Floats, size
from recipes.timeomni1.tasks.scenario.scenarios import HELD_OUT, SAMPLINGS, SCENARIOS, Sampling, Scenario
from recipes.timeomni1.tasks.scenario.short import library

NAME = "scenario"
LABELS: tuple[str, ...] = ("level 1", "level 2", "level 2", "level 3", "level 3")
# What the printed length alone allows is 0.5. The typical size is a part of the right reasoning, not all of it: both
# together leave a fifth to a quarter of the questions open, and only the shape answers these.
CEILINGS = {"length_only": 0.53, "longest_sentence": 0.28, "nearest_size": 0.65, "length_then_size": 0.82}
LEVELS = 9  # of the size ``short``
RULE_OF_THUMB = ("length_only", "this one has the right length")

QUESTION = (
    "A time series was recorded from midnight on a Monday, the first day of January. Which scenario most likely "
    "created it? A scenario that names no event describes a series without one."
)


@dataclass(frozen=True)
class Option:
    """A scenario with the length and sampling that its text states."""

    scenario: Scenario
    sampling: Sampling
    length: int

    @property
    def text(self) -> str:
        return f"{self.length} {self.sampling.words} values: {self.scenario.sentence}."

    @property
    def short_text(self) -> str:
        """The same; digits between thing, pattern and length make each a token of its own for a small model."""
        thing, _, pattern = self.scenario.sentence.partition(", ")
        return f"{thing}, {self.sampling.period} a {self.scenario.cycle}, {pattern}, {self.length} values"

    def accepts(self, series: Floats) -> bool:
        """Whether everything that the text says is true of the series."""
        period = self.sampling.period
        return len(series) == self.length and all(claim.holds(series, period) for claim in self.scenario.claims)

    def refutes(self, series: Floats) -> str | None:
        """The name of the first thing that the text says and that is clearly wrong, None when nothing is."""
        if len(series) != self.length:
            return "length"
        claims = (claim for claim in self.scenario.claims if claim.clearly_fails(series, self.sampling.period))
        return next((claim.name for claim in claims), None)


def draw(seed: int, *, ood: bool, size: Size, want: str | None = None) -> Item | None:
    """One draw; see ``recipes.timeomni1.item.Generator``."""
    rng = np.random.default_rng(seed)
    label = want or LABELS[int(rng.integers(len(LABELS)))]
    level = int(label[-1])
    options = _options(rng, level, ood, size)
    if options is None:
        return None
    short = size.name == "short"
    found = [one.scenario.generate(rng, one.length, one.sampling.period, levels=LEVELS * short) for one in options]
    series = [one for one in found if one is not None]
    if len(series) < len(options) or not _each_is_unique(options, series):
        return None
    right = int(rng.integers(len(options)))
    shown, chosen = series[right], options[right]
    texts = tuple(one.short_text if short else one.text for one in options)
    lines = [f"{LETTERS[place]}) {text}" for place, text in enumerate(texts)]
    shortcuts = _shortcuts(options, shown, rng)
    thought = rationale.write(options, shown, right, size, rng)
    if thought is None:
        return None
    accepting = [place for place, one in enumerate(options) if one.accepts(shown)]
    return Item(
        task=NAME,
        domain=chosen.scenario.domain,
        level=level,
        question="\n".join([QUESTION, (_digits if short else _values)(chosen.scenario, shown), *lines]),
        options=texts,
        answer=LETTERS[right],
        oracle=LETTERS[accepting[0]],
        shortcuts=shortcuts,
        rationale=thought,
    )


def _values(scenario: Scenario, series: Floats) -> str:
    return f"[{','.join(scenario.format(value) for value in series)}]"


def _digits(scenario: Scenario, series: Floats) -> str:
    """The typical value, and the series in ninths of its largest value: one digit a value, four in a numbered line."""
    digits = "".join(f"{value:.0f}" for value in LEVELS * series / series.max())
    lines = [f"{place // 4 + 1} {digits[place : place + 4]}" for place in range(0, len(digits), 4)]
    return "\n".join([f"Typical value {scenario.format(float(np.median(series)))}; in ninths of the largest:", *lines])


def _options(rng: np.random.Generator, level: int, ood: bool, size: Size) -> list[Option] | None:
    """Four scenarios, with as many different lengths as the level wants; None when the library has no such four."""
    everything = _everything(ood, size.name)
    lengths = sorted({one.length for one in everything})
    pattern = {1: (1, 1, 1, 1), 2: (2, 2), 3: (4,)}[level]
    chosen: list[Option] = []
    taken: set[str] = set()
    for length, count in zip(rng.permutation(lengths)[: len(pattern)], pattern, strict=True):
        fitting = [one for one in everything if one.length == length and one.scenario.name not in taken]
        names = sorted({one.scenario.name for one in fitting})
        if len(names) < count:
            return None
        for name in rng.choice(names, size=count, replace=False):
            same = [one for one in fitting if one.scenario.name == name]
            chosen.append(same[int(rng.integers(len(same)))])
            taken.add(str(name))
    return [chosen[place] for place in rng.permutation(len(chosen))]


@cache
def _everything(ood: bool, size: str) -> tuple[Option, ...]:
    """Every scenario to draw from, with every length that it may have."""
    known = library(ood) if size == "short" else [one for one in SCENARIOS if (one.domain in HELD_OUT) == ood]
    return tuple(
        Option(scenario, sampling, length)
        for scenario in known
        for sampling in SAMPLINGS[size][scenario.cycle]
        for length in sampling.lengths
    )


def _each_is_unique(options: Sequence[Option], series: Sequence[Floats]) -> bool:
    """Whether each option is true of its own series, and clearly wrong about the three others."""
    return all(
        option.accepts(one) if place == other else option.refutes(one) is not None
        for place, option in enumerate(options)
        for other, one in enumerate(series)
    )


def _shortcuts(options: Sequence[Option], series: Floats, rng: np.random.Generator) -> dict[str, str]:
    fitting = [place for place, one in enumerate(options) if one.length == len(series)]
    longest = max(range(len(options)), key=lambda place: len(options[place].scenario.sentence))
    median = 10 ** size(series, 1)
    middles = [(one.scenario.low * one.scenario.high) ** 0.5 for one in options]

    def nearest(places: Sequence[int]) -> str:
        return LETTERS[min(places, key=lambda place: abs(np.log(median / middles[place])))]

    return {
        "length_only": LETTERS[fitting[int(rng.integers(len(fitting)))]],
        "longest_sentence": LETTERS[longest],
        "nearest_size": nearest(range(len(options))),
        "length_then_size": nearest(fitting),
    }
