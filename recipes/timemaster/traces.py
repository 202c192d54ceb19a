"""Answers to imitate, by a writer that looks at the series; no model is asked (``teacher`` asks one).

``full`` says what the line does (level, extrema, trend, period, bursts), then by which of the differences between the
classes, measured on the training part, it comes to its class, and what to do about it. ``short`` is one clause of each,
for a model of a million weights. The reasons lead to the label that is written, whatever it is: a wrong one, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from data_pipelines.labelled.sample import LabelledSample
from recipes.timemaster.features import Differences, Reason, features, of_channels

STYLES = ("full", "short")
_REASONS = 2
_QUARTERS = ("first", "second", "third", "last")


def write(one: LabelledSample, label: str, differences: Differences, *, style: str, extension: bool) -> str:
    """The answer that names ``label``.

    Args:
        differences: of the training part.
        extension: whether the answer has that section.
    """
    reasons = differences.reasons(of_channels(one.values, one.channels), label, _REASONS)
    if style == "short":
        [usual] = differences.reasons(None, label, 1)
        think, advice = f"{usual.words}, so {label}", f"check the {usual.name} again"
    else:
        think = " ".join([*seen(one), *because(reasons, label), f"So it is {label}."])
        advice = advised(reasons[0], label)
    sections = f"<think>{think}</think>\n<class>{label}</class>"
    return f"{sections}\n<extension>{advice}</extension>" if extension else sections


def seen(one: LabelledSample) -> list[str]:
    """What the line does, in sentences; of several channels the one with the largest range."""
    place = int(np.ptp(one.values, axis=1).argmax())
    values = one.values[place]
    found = features(values)
    name = f"The line of {one.channels[place]}" if len(one.channels) > 1 else "The line"
    if not found["range"]:
        return [f"{name} is flat at {_number(found['level'])}."]
    highest, lowest = _quarter(found["peak time"]), _quarter(found["low time"])
    sentences = [
        f"{name} is around {_number(found['level'])}, with its peak of {_number(values.max())} in the {highest} "
        f"quarter and its low of {_number(values.min())} in the {lowest} quarter.",
        f"It {_direction(found['trend'])}, and {_period(found['period'])}.",
    ]
    if bursts := int(found["number of bursts"]):
        sentences.append(f"It has {bursts} burst{'s' if bursts > 1 else ''} far above its mean.")
    return sentences


def because(reasons: Sequence[Reason], label: str) -> list[str]:
    """The reasons for a class, in sentences."""
    sentences = []
    for reason in reasons:
        nearer = abs(reason.value - reason.usual) < abs(reason.value - reason.other)
        said = "which is nearer to it" if nearer else "which does not speak against it alone"
        sentences.append(
            f"Series of {label} have {reason.words}: their {reason.name} is {_number(reason.usual)} on average, "
            f"that of the others {_number(reason.other)}. Here it is {_number(reason.value)}, {said}."
        )
    return sentences


def advised(reason: Reason, label: str) -> str:
    """What follows from the class: a check that would tell it from the others."""
    middle = (reason.usual + reason.other) / 2
    side = "above" if reason.usual > reason.other else "below"
    return (
        f"Take more recordings like this one and measure their {reason.name}: if it stays {side} "
        f"{_number(middle)}, treat them as {label}; compare those on the other side with the next class, and review "
        "the threshold when ten new ones have come in."
    )


def wrong_labels(labels: Sequence[str], classes: Sequence[str], share: float, seed: int) -> list[str]:
    """The labels, of which a share is replaced by another class; the seed says which, and by what.

    Exactly the share, rounded: a teacher that is weak on purpose is as weak with every seed.
    """
    written, random = list(labels), np.random.default_rng([seed, 7])
    for place in random.permutation(len(written))[: round(share * len(written))]:
        others = [name for name in classes if name != written[place]]
        written[place] = others[int(random.integers(len(others)))]
    return written


def augmented(values: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """A series moved a little: bent in time, shifted, scaled and with noise; (C, L), as it came.

    At strength 1 the borders of three equal pieces move by 8 % of the length, the whole by 3 %, values by 10 % around
    their mean, and noise has 3 % of the series' deviation.
    """
    steps = values.shape[1]
    borders = np.array([0.0, 1 / 3, 2 / 3, 1.0])
    bent = borders + strength * np.array([0.0, *random.uniform(-0.08, 0.08, 2), 0.0])
    places = np.interp(np.linspace(0, 1, steps), bent, borders) + strength * random.uniform(-0.03, 0.03)
    scale = 1.0 + strength * random.uniform(-0.1, 0.1)
    moved = np.array([np.interp(places, np.linspace(0, 1, steps), channel) for channel in values])
    middle = moved.mean(axis=1, keepdims=True)
    noise = random.normal(size=moved.shape) * moved.std(axis=1, keepdims=True)
    return middle + scale * (moved - middle) + 0.03 * strength * noise


def stated(counts: Mapping[str, int]) -> str:
    """Counts by name, in one line."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _number(value: float) -> str:
    return f"{value:.3g}"


def _quarter(place: float) -> str:
    return _QUARTERS[min(3, int(4 * place))]


def _direction(trend: float) -> str:
    return "rises" if trend > 0.5 else "falls" if trend < -0.5 else "ends about where it began"


def _period(share: float) -> str:
    if share >= 1.0:
        return "moves once over the whole length"
    return f"repeats about {round(1 / share)} times" if share else "does not repeat"
