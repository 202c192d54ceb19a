"""What answers that name a class are worth: accuracy, balanced accuracy and macro-F1 of a confusion matrix.

A matrix has a row for each true class, and a column for each class that was answered and one, the last, for answers
that name none: these are wrong, and no class's false alarms. Classes without questions have no part in the means.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from src.tasks.blocks import RESAMPLES, Estimate
from src.tasks.scores import Metric, share

Floats = NDArray[np.float64]
LEAD = "acc"
_AT_ONCE = 200  # resamples that are in memory together


def confusion(truths: Sequence[str], answers: Sequence[str | None], classes: Sequence[str]) -> Floats:
    """How often each class was answered for each, (K, K + 1)."""
    return by_item(truths, answers, range(len(truths)), classes).sum(axis=0)


def by_item(
    truths: Sequence[str], answers: Sequence[str | None], items: Sequence[Hashable], classes: Sequence[str]
) -> Floats:
    """The matrices of the independent items that questions belong to, (items, K, K + 1).

    Args:
        truths: (N,), each one of ``classes``.
        answers: (N,); None, or a name that is no class, is no answer.
        items: (N,).
    """
    place = {name: number for number, name in enumerate(classes)}
    numbers: dict[Hashable, int] = {}
    rows = [numbers.setdefault(item, len(numbers)) for item in items]
    found = np.zeros((len(numbers), len(classes), len(classes) + 1))
    answered = [place.get(answer, len(classes)) if answer is not None else len(classes) for answer in answers]
    np.add.at(found, (rows, [place[truth] for truth in truths], answered), 1.0)
    return found


def values(matrix: Floats) -> dict[str, Floats]:
    """``acc``, ``balanced_acc`` (the mean of the classes' recalls) and ``macro_f1`` of matrices (..., K, K + 1)."""
    asked = matrix.sum(axis=-1)
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    answered = matrix.sum(axis=-2)[..., :-1]
    held = asked > 0
    count = np.maximum(held.sum(axis=-1), 1)
    recall = right / np.maximum(asked, 1e-300)
    f1 = 2 * right / np.maximum(asked + answered, 1e-300)
    return {
        LEAD: right.sum(axis=-1) / np.maximum(asked.sum(axis=-1), 1e-300),
        "balanced_acc": np.where(held, recall, 0.0).sum(axis=-1) / count,
        "macro_f1": np.where(held, f1, 0.0).sum(axis=-1) / count,
    }


def metrics(matrices: Floats, seed: int) -> dict[str, Metric]:
    """The values of all items together, each with its 95 % interval over resampled items.

    Args:
        matrices: (items, K, K + 1).
        seed: of the resamples.
    """
    count = len(matrices)
    flat = matrices.reshape(count, -1)
    draws: list[dict[str, Floats]] = []
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES // _AT_ONCE if count > 1 else 0):
        weights = random.multinomial(count, np.full(count, 1 / count), size=_AT_ONCE)
        draws.append(values((weights @ flat).reshape(_AT_ONCE, *matrices.shape[1:])))
    # The plain bootstrap's error is too small by this much; see ``src.tasks.blocks.estimate``.
    wider = math.sqrt(count / (count - 1)) if count > 1 else math.nan
    found = {}
    for name, value in values(matrices.sum(axis=0)).items():
        error = float(np.concatenate([one[name] for one in draws]).std()) * wider if draws else math.nan
        found[name] = share(Estimate(float(value), error, count))
    return found


def expected(truths: Sequence[str], shares: Mapping[str | None, float], classes: Sequence[str]) -> dict[str, Metric]:
    """What answers earn that are drawn from these shares without a look at the question, in expectation."""
    asked = confusion(truths, [None] * len(truths), classes).sum(axis=1)
    answered = np.array([shares.get(name, 0.0) for name in (*classes, None)])
    return {name: Metric(float(value)) for name, value in values(np.outer(asked, answered)).items()}
