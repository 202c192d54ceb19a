"""Items as rows and traces."""

from __future__ import annotations

import json
from typing import Any

from recipes.timeomni1.item import Item
from recipes.timeomni1.prompts import question, response
from recipes.timeomni1.reward import CHOICE_TERMS, FORECAST_TERMS
from src.tasks.row import Row, Trace

# What rewards and scores read of a generator's own information; the rest stands under ``details``.
_READ = ("history", "horizon", "reference_mae", "floor_mae")


def source(task: str, ood: bool) -> str:
    """The ``source`` of a row: metrics are kept apart by it."""
    return f"{task}-ood" if ood else task


def row(item: Item, split: str, index: int, seed: int, *, ood: bool = False, answer_only: bool = False) -> Row:
    """A question.

    ``info`` holds ``channel`` (the domain, under the name that records of samples have for it), ``level``, ``ood``,
    ``seed``, ``options`` (how many; 0 for a forecast), the reward's ``terms``, ``shortcuts`` (what trivial solvers
    answer, for the baselines), what rewards and scores read, and ``details``.
    """
    read = {name: item.info[name] for name in _READ if item.info.get(name) is not None}
    if "history" in read:
        read["history"] = [float(value) for value in read["history"]]
    info = {
        "channel": item.domain,
        "level": item.level,
        "ood": ood,
        "seed": seed,
        "options": len(item.options),
        "terms": list(CHOICE_TERMS if item.options else FORECAST_TERMS),
        **read,
        "shortcuts": {"oracle": item.oracle, **item.shortcuts},
        "details": {name: value for name, value in item.info.items() if name not in _READ},
    }
    truth: Any = item.answer if isinstance(item.answer, str) else [float(value) for value in item.answer]
    # Through text and back: numbers and arrays of numpy become plain.
    plain = json.loads(json.dumps(info, default=lambda value: value.tolist()))
    messages = question(item, answer_only=answer_only)
    return Row(source(item.task, ood), item.task, split, index, messages, truth, plain)


def trace(
    item: Item, split: str, index: int, seed: int, *, answer_only: bool = False, text: str | None = None
) -> Trace:
    """A question with an answer to imitate.

    Args:
        text: the assistant's message, by default the generator's own reasoning.
    """
    said = text if text is not None else response(item, answer_only=answer_only)
    return Trace(row(item, split, index, seed, answer_only=answer_only), said)
