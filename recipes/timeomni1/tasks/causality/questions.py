"""Task 2, causality discovery: does the water of one gauging station reach the other, and which?

A simulator of rivers draws the pair; it is accepted when the cross-correlation of the printed series proves the label
with a margin. By default both stations are made alike, so that neither size nor roughness of a series tells the label,
and the larger river is no more often downstream than upstream.

Size ``paper``: 62 half-daily values, five steps in several wordings, one rationale in ten corrects a first thought.
Size ``short``: ten hourly values of one digit in a table with the hour, two floods that stand out in each series and
give the same label as the oracle, water that takes one or two hours (three out of distribution), one wording, no
corrections. The gates are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from recipes.timeomni1.item import Item, Size, View
from recipes.timeomni1.tasks.causality import river
from recipes.timeomni1.tasks.causality.granger import granger_label
from recipes.timeomni1.tasks.causality.river import LABELS, Basin, Brook
from recipes.timeomni1.tasks.causality.steps import SHORT, STEPS
from recipes.timeomni1.tasks.drawing import (
    LETTERS,
    SLIPS,
    Floats,
    bracketed,
    fixed,
    list_options,
    numbers,
    random_numbers,
    read_options,
    say,
)

NAME = "causality"
# Chance is 1/3. "The smoother river is downstream" is partly true, for routing smooths.
CEILINGS: Mapping[str, float] = {
    "larger_is_downstream": 0.40,
    "correlated_then_larger": 0.40,
    "smoother_is_downstream": 0.50,
}
RULE_OF_THUMB = ("larger_is_downstream", "the larger river is downstream")
HIDDEN = "times"
SHORT_STATIONS = ("X", "Y")
BLIND_CEILING = 0.65
_STATION = re.compile(r"Station (\w+): (\[[^\]]*\])")
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Pair:
    """The two printed series (n,) of a question, their stations in printed order, and the text of every option."""

    stations: tuple[str, str]
    first: Floats
    second: Floats
    options: Mapping[str, str]
    max_lag: int

    def letter(self, label: str) -> str:
        """The letter of the option that says ``label``."""
        text = statement(label, self.stations)
        return next(letter for letter, option in self.options.items() if option == text)


def statement(label: str, stations: tuple[str, str]) -> str:
    """What the option for a label says.

    In the size ``short`` no option ends in a name: each is one token for a small model, the same wherever it stands.
    """
    first, second = stations
    if stations == SHORT_STATIONS and label != "none":
        return f"{first if label == 'forward' else second} feeds the other"
    if label == "none":
        return "neither feeds the other"
    return f"{first} feeds {second}" if label == "forward" else f"{second} feeds {first}"


def read(question: str) -> Pair:
    """Read the series and options back from the question; the lag to look back to follows from the text too."""
    found = _STATION.findall(question)
    options = read_options(question)
    if found:
        (one, first), (other, second) = found
        within = re.search(r"within (\d+) samples", question)
        assert within is not None, "a question says how long water may travel"
        return Pair((one, other), numbers(first), numbers(second), options, int(within[1]))
    table = np.array([numbers(row) for row in re.findall(r"^\d \d \d$", question, flags=re.MULTILINE)])
    within = re.search(r"up to (\d) hours", question)
    assert within is not None, "a short question says how long water may travel"
    return Pair(SHORT_STATIONS, table[:, 1], table[:, 2], options, int(within[1]))


def solve(question: str) -> str:
    """The oracle: the letter that the cross-correlation of the printed series selects."""
    pair = read(question)
    return pair.letter(river.evidence(pair.first, pair.second, pair.max_lag).decision)


def independent(question: str) -> str:
    """The answer of a Granger test, which knows nothing of the oracle; a build reports how often they agree.

    Ten whole numbers are too few for one: there the two peaks answer.
    """
    pair = read(question)
    if pair.stations == SHORT_STATIONS:
        return pair.letter(peak_label(pair.first, pair.second) or "none")
    return pair.letter(granger_label(pair.first, pair.second, pair.max_lag - 1))


def shortcuts(question: str) -> dict[str, str]:
    """The answers of solvers that look at sizes, roughness or correlation, and never at a delay."""
    pair = read(question)
    first, second = pair.first, pair.second
    larger = "forward" if second.mean() > first.mean() else "backward"
    correlation = np.corrcoef(first, second)[0, 1] if min(first.std(), second.std()) > 0 else 0.0
    rough = [np.diff(series).std() / max(series.std(), 1e-9) for series in (first, second)]
    return {
        "larger_is_downstream": pair.letter(larger),
        "correlated_then_larger": pair.letter(larger if correlation >= 0.4 else "none"),
        "smoother_is_downstream": pair.letter("forward" if rough[1] < rough[0] else "backward"),
    }


def blind(question: str) -> View:
    """Size, spread, shape and roughness of each series; not which value comes when, nor what the two have in common."""
    pair = read(question)
    one, other = _shape(pair.first), _shape(pair.second)
    between = [x - y for x, y in zip(one, other, strict=True)]
    return View((*one, *other, *between), tuple(pair.letter(label) for label in LABELS))


def _shape(series: Floats) -> list[float]:
    mean, spread, changes = max(series.mean(), 1e-9), max(series.std(), 1e-9), np.diff(series)
    standard = (series - series.mean()) / spread
    extremes = [series.min() / mean, series.max() / mean, np.abs(changes).max() / max(np.ptp(series), 1e-9)]
    moments = [(standard**3).mean(), (standard**4).mean()]
    return [mean, spread / mean, changes.std() / spread, (changes > 0).mean(), *extremes, *moments]


def peak_label(first: Floats, second: Floats) -> str | None:
    """The label that the two peaks of each short series show; None where peaks do not stand out."""
    one, other = river.two_peaks(first), river.two_peaks(second)
    if one is None or other is None:
        return None
    lags = {other[0] - one[0], other[1] - one[1]}
    if len(lags) == 2 or lags == {0}:
        return "none"
    return "forward" if lags.pop() > 0 else "backward"


def draw(seed: int, *, ood: bool, size: Size, want: str | None = None, magnitude_cue: str = "balanced") -> Item | None:
    """One pair of stations; None when the printed series do not prove its label.

    Args:
        want: ``forward`` (the first feeds the second), ``backward`` or ``none``.
        magnitude_cue: ``natural`` makes every downstream river the larger one, as on real maps; the ceilings hold for
            ``balanced``.
    """
    rng = random_numbers(seed, NAME)
    short = size.name == "short"
    basin, brook = (river.LOWLAND, river.ALPINE)[ood], (river.SHORT, river.SHORT_OOD)[ood]
    place = brook if short else basin
    level = int(rng.integers(len(place.shared)))
    label = LABELS[int(rng.integers(3))]
    label = want or label
    if short:
        first, second = river.simulate_short(rng, brook, label, brook.shared[level])
        if np.isnan(first).any() or np.isnan(second).any():
            return None
    else:
        first, second = river.simulate(rng, basin, label, basin.shared[level], magnitude_cue == "balanced")
    seen = river.evidence(first, second, place.max_lag)
    if not seen.proves(label) or seen.decision != label:
        return None
    if short and peak_label(first, second) != label:
        return None
    stations = SHORT_STATIONS if short else _codes(rng)
    options = tuple(statement(LABELS[i], stations) for i in rng.permutation(3))
    answer = LETTERS[options.index(statement(label, stations))]
    if short:
        question = _short_question(brook, first, second, options)
        rationale, slip = _short_rationale(first, second, statement(label, stations), answer), False
    else:
        question = _question(basin, stations, first, second, options)
        rationale, slip = _rationale(rng, basin, read(question), label, answer)
    return Item(
        task=NAME,
        domain=place.name,
        level=3 if ood else level + 1,
        question=question,
        options=options,
        answer=answer,
        oracle=solve(question),
        shortcuts=shortcuts(question),
        rationale=rationale,
        info={"label": label, "corrected": slip, "magnitude_cue": magnitude_cue},
    )


def _codes(rng: Generator) -> tuple[str, str]:
    codes = ["".join(_CODE[i] for i in rng.integers(len(_CODE), size=4)) for _ in range(2)]
    return (codes[0], codes[1]) if codes[0] != codes[1] else _codes(rng)


def _question(basin: Basin, stations: tuple[str, str], first: Floats, second: Floats, options: tuple[str, ...]) -> str:
    return (
        f"Two gauging stations recorded discharge in {basin.unit}, every 12 hours from 1 January 2020, "
        f"{basin.samples} samples each.\n"
        f"Station {stations[0]}: {bracketed(first, basin.decimals)}\n"
        f"Station {stations[1]}: {bracketed(second, basin.decimals)}\n"
        f"A station feeds another when its water flows on to it, within {basin.max_lag} samples. Diversions and "
        "tributaries may change the amount on the way, and rain may fall on both catchments.\n"
        f"Which statement is true?\nOptions:\n{list_options(options)}"
    )


def _short_question(brook: Brook, first: Floats, second: Floats, options: tuple[str, ...]) -> str:
    rows = "\n".join(f"{hour} {x:.0f} {y:.0f}" for hour, (x, y) in enumerate(zip(first, second, strict=True)))
    return (
        f"Water takes up to {brook.max_lag} hours. Options:\n{list_options(options)}\n"
        f"{brook.samples} hours, each with the flow at X and at Y:\n{rows}"
    )


def _short_rationale(first: Floats, second: Floats, text: str, letter: str) -> str:
    """Peaks and lags, and then the option's line as the question has it, from its text to the next letter."""
    one, other = river.two_peaks(first), river.two_peaks(second)
    assert one is not None and other is not None, "accepted pairs have peaks"
    return SHORT["peaks"][0].format(
        first=f"{one[0]} {one[1]}",
        second=f"{other[0]} {other[1]}",
        lags=f"{other[0] - one[0]} {other[1] - one[1]}",
        statement=text,
        letter=letter,
    )


def _rises(series: Floats) -> str:
    """Samples (from 1) at which the three largest one-step rises end, in order."""
    steepest = np.argsort(-np.diff(series), kind="stable")[:3]
    return ", ".join(str(position + 2) for position in sorted(steepest))


def _rationale(rng: Generator, basin: Basin, pair: Pair, label: str, answer: str) -> tuple[str, bool]:
    """The five steps of the paper's template, and whether they begin with a wrong thought."""
    seen = river.evidence(pair.first, pair.second, pair.max_lag)
    first, second = pair.stations
    means = {first: pair.first.mean(), second: pair.second.mean()}
    smaller, larger = sorted(means, key=lambda station: means[station])
    correlations = {"forward": fixed(seen.forward), "backward": fixed(seen.backward), "zero": fixed(seen.zero)}
    level = np.corrcoef(pair.first, pair.second)[0, 1]
    names = {"first": first, "second": second, "unit": basin.unit}
    lines = [
        say(rng, STEPS["trend"], **names, mean_first=fixed(means[first]), mean_second=fixed(means[second]),
            level=fixed(level)),
        say(rng, STEPS["rises"], **names, rises_first=_rises(pair.first), rises_second=_rises(pair.second)),
        say(rng, STEPS["lags"], **names, **correlations, forward_lag=str(seen.forward_lag),
            backward_lag=str(seen.backward_lag)),
    ]  # fmt: skip
    # The larger station is not downstream in two thirds of all pairs: of these, enough to make a tenth of all.
    wrong = label == "none" or statement(label, pair.stations) != f"{smaller} feeds {larger}"
    slip = wrong and rng.random() < 1.5 * SLIPS
    if slip:
        lines.append(
            say(rng, STEPS["slip"], wrong=larger, larger=fixed(means[larger]), smaller=fixed(means[smaller]),
                unit=basin.unit)
        )  # fmt: skip
    if label == "none":
        lines.append(say(rng, STEPS["none"], **correlations))
    else:
        up, down = (first, second) if label == "forward" else (second, first)
        ahead, behind = ("forward", "backward") if label == "forward" else ("backward", "forward")
        lag = seen.forward_lag if label == "forward" else seen.backward_lag
        lines.append(
            say(rng, STEPS["causal"], up=up, down=down, lag=str(lag), ahead=correlations[ahead],
                behind=correlations[behind], zero=correlations["zero"])
        )  # fmt: skip
    lines.append(say(rng, STEPS["decision"], statement=statement(label, pair.stations), letter=answer))
    return "\n".join(lines), slip
