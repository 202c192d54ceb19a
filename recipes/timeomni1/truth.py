"""The right answer of a row: a letter, or the true values; in files both are text, so that tasks can be mixed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from recipes.timeomni1.answer import MAX_SIZE

Truth = str | tuple[float, ...]


def write_truth(answer: str | Sequence[float]) -> str:
    """A letter as it is, values as a JSON list."""
    return answer if isinstance(answer, str) else json.dumps([float(value) for value in answer])


def read_truth(stored: Any) -> Truth | None:
    """The letter or the values of a ground truth; None for what is neither. Never raises.

    stored: what ``write_truth`` wrote, or a list or array of numbers.
    """
    if isinstance(stored, str):
        text = stored.strip()
        if len(text) == 1 and text.isascii() and text.isupper():
            return text
        if not text.startswith("["):
            return None
        try:
            stored = json.loads(text)
        except ValueError:
            return None
    if hasattr(stored, "tolist"):
        stored = stored.tolist()
    if not isinstance(stored, list | tuple) or not stored:
        return None
    numbers = [value for value in stored if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(stored) or not all(abs(value) <= MAX_SIZE for value in numbers):  # false for NaN
        return None
    return tuple(map(float, numbers))
