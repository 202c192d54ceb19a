"""What questions with options give away without their series: the accuracies that a model has to beat.

A model that reads the series must beat all of them. Each is an accuracy from 0 to 1 over the same questions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np


def majority(truths: Sequence[str]) -> float:
    """Always the truth that is most frequent among these very questions: no constant answer does better."""
    return max(Counter(truths).values()) / len(truths)


def random(options: Sequence[int]) -> float:
    """A uniform guess, in expectation; ``options`` says how many each question has."""
    return float(np.mean([1 / count for count in options]))


def blind(truths: Sequence[str], views: Sequence[Hashable], options: Sequence[int]) -> float:
    """Whoever sees everything but the series: the most frequent truth of the *other* questions that look the same.

    Well above ``majority``, it says that the wording gives the answer away.

    Args:
        views: what is left of each question without its series.
        options: how many each question has; one that looks like no other is guessed.
    """
    alike: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for truth, view in zip(truths, views, strict=True):
        alike[view][truth] += 1
    right = 0.0
    for truth, view, count in zip(truths, views, options, strict=True):
        others = alike[view] - Counter([truth])
        best = max(others.values(), default=0)
        if best:
            tied = [name for name, times in others.items() if times == best]
            right += (truth in tied) / len(tied)
        else:
            right += 1 / count
    return right / len(truths)


def shuffled(answers: Sequence[str | None], truths: Sequence[str]) -> float:
    """The given answers against the truths in a random order, in expectation.

    That is what a model's preference for some letters earns by itself; its accuracy is worth what it has above this.
    """
    given, wanted = Counter(answers), Counter(truths)
    return sum(given[name] / len(answers) * count / len(truths) for name, count in wanted.items())


def shortcuts(stored: Sequence[Mapping[str, str]], truths: Sequence[str]) -> dict[str, float]:
    """Named trivial solvers, whose answers every question carries; one that is missing anywhere is left out."""
    return {
        name: float(np.mean([one[name] == truth for one, truth in zip(stored, truths, strict=True)]))
        for name in stored[0]
        if all(name in one for one in stored)
    }
