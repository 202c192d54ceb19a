"""What trivial solvers get out of a build: the check that its questions need what they claim to need."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from recipes.timeomni1.collect import Collected, generator
from recipes.timeomni1.item import Item, View
from src.errors import DataError

# How far above its ceiling a solver must be, in standard errors, to count as a leak: a small build scatters.
_ERRORS = 3.0
_ENOUGH = 30  # rows from which a solver cannot equal the oracle by luck
_DECAY = 1.4  # of a forecast's credit, per reference error
_LEARNABLE = 400  # rows from which a classifier can be trained and tested


def credit(item: Item, answer: str | Sequence[float]) -> float:
    """What an answer is worth, from 0 to 1: whether a choice is right; of a forecast exp(-1.4 MAE / yardstick).

    The yardstick is the item's ``score_mae``, by default its ``reference_mae``.
    """
    if isinstance(item.answer, str) or isinstance(answer, str):
        return float(answer == item.answer)
    error = sum(abs(x - y) for x, y in zip(answer, item.answer, strict=True)) / len(item.answer)
    yardstick = float(item.info.get("score_mae", item.info["reference_mae"]))
    return math.exp(-_DECAY * error / max(yardstick, 1e-9))


def learned(items: Sequence[Item], blind: Callable[[str], View]) -> float | None:
    """Accuracy of a classifier that is trained on one half of the questions and tested on the other, and vice versa.

    It finds the leaks that nobody has written a solver for.

    Args:
        blind: what it may see.

    Returns:
        None for too few questions.
    """
    if len(items) < _LEARNABLE:
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    views = [blind(item.question) for item in items]
    features = np.array([view.features for view in views])
    answers = np.array([view.letters.index(str(item.answer)) for view, item in zip(views, items, strict=True)])
    halves = np.random.default_rng(0).permutation(len(items)) % 2  # rows are in the order of their labels
    right = 0.0
    for test in (halves == 0, halves == 1):
        trees = HistGradientBoostingClassifier(max_iter=100, learning_rate=0.07, early_stopping=False, random_state=0)
        # A few hundred rows are no work to share: threads that wait for each other took minutes on a busy machine.
        with threadpool_limits(1):
            predicted = trees.fit(features[~test], answers[~test]).predict(features[test])
        right += float((predicted == answers[test]).sum())
    return right / len(items)


def report(parts: Sequence[Collected], *, limited: bool = True) -> dict[str, Any]:
    """The figures of one task, in or out of distribution, over the splits ``parts``.

    Args:
        limited: whether its ceilings hold; without, solvers are reported and nothing is a leak.
    """
    items = [item for part in parts for item in part.items]
    drawn: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for part in parts:
        drawn += part.drawn
        accepted += part.accepted
        kept += part.kept
    tokens = sorted(count for part in parts for count in part.prompt_tokens)
    names = sorted({name for item in items for name in item.shortcuts})
    source = generator(parts[0].task)
    ceilings: Mapping[str, float] = source.CEILINGS if limited else {}
    # A second solver that knows nothing of the oracle, where the task has one.
    second = getattr(source, "independent", None)
    shortcuts = {
        name: {
            "accuracy": _mean([credit(item, item.shortcuts[name]) for item in items if name in item.shortcuts]),
            "ceiling": ceilings.get(name),
        }
        for name in names
    }
    if hasattr(source, "blind") and (accuracy := learned(items, source.blind)) is not None:
        ceiling = source.BLIND_CEILING if limited else None
        shortcuts[f"trained without {source.HIDDEN}"] = {"accuracy": accuracy, "ceiling": ceiling}
    return {
        "rows": len(items),
        "acceptance": {label: accepted[label] / drawn[label] for label in sorted(drawn)},
        "labels": dict(sorted(kept.items())),
        "letters": dict(sorted(Counter(item.answer for item in items if isinstance(item.answer, str)).items())),
        "oracle": _mean([credit(item, item.oracle) for item in items]),
        "independent": _mean([credit(item, second(item.question)) for item in items]) if second else None,
        "shortcuts": shortcuts,
        "prompt_tokens": {"median": tokens[len(tokens) // 2], "max": tokens[-1]} if tokens else {},
        "too_long": sum(part.too_long for part in parts),
    }


def check(task: str, where: str, figures: Mapping[str, Any]) -> None:
    """Refuse a build in which a shortcut solver is above its ceiling, or at the level of the oracle.

    Raises:
        DataError: it names the task and the solver.
    """
    rows = figures["rows"]
    for name, solver in figures["shortcuts"].items():
        accuracy, ceiling = solver["accuracy"], solver["ceiling"]
        if ceiling is None or not rows:
            continue
        scatter = _ERRORS * math.sqrt(max(ceiling * (1 - ceiling), 0.0) / rows)
        if accuracy > ceiling + scatter:
            raise DataError(
                f"task {task} ({where}) leaks: solver {name} gets {accuracy:.3f} of {rows} questions, its ceiling is "
                f"{ceiling:.3f}; correct the generator"
            )
        if accuracy >= figures["oracle"] and rows >= _ENOUGH:
            raise DataError(
                f"task {task} ({where}): solver {name} is as good ({accuracy:.3f}) as the oracle "
                f"({figures['oracle']:.3f}): the questions need no reasoning"
            )


def lines(task: str, where: str, figures: Mapping[str, Any]) -> list[str]:
    """The figures for people."""
    tokens, second = figures["prompt_tokens"], figures["independent"]
    accepted = ", ".join(f"{label} {share:.2f}" for label, share in figures["acceptance"].items())
    balance = [
        f"; {name}: " + ", ".join(f"{one} {count}" for one, count in figures[name].items())
        for name in ("labels", "letters")
        if len(figures[name]) > 1
    ]
    solvers = ", ".join(
        f"{name} {solver['accuracy']:.3f}" + (f" (at most {solver['ceiling']:.2f})" if solver["ceiling"] else "")
        for name, solver in figures["shortcuts"].items()
    )
    return [
        f"{task} ({where}): {figures['rows']} rows" + "".join(balance),
        f"  accepted of what was drawn: {accepted}; {figures['too_long']} dropped for their length"
        + (f"; prompts of {tokens['median']} tokens, the longest {tokens['max']}" if tokens else ""),
        f"  oracle {figures['oracle']:.3f}" + (f", an independent solver {second:.3f}" if second is not None else ""),
        f"  shortcuts: {solvers}",
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
