"""The right answer of a row: a letter, or the true values."""

from __future__ import annotations

from typing import Any

from recipes.timeomni1.answer import MAX_SIZE

Truth = str | tuple[float, ...]


def read_truth(given: Any) -> Truth | None:
    """The letter or the values of a ground truth; None for what is neither. Never raises.

    Args:
        given: a row's truth, a letter or a list or array of numbers, or whatever else somebody has for one.
    """
    if isinstance(given, str):
        text = given.strip()
        return text if len(text) == 1 and text.isascii() and text.isupper() else None
    if hasattr(given, "tolist"):
        given = given.tolist()
    if not isinstance(given, list | tuple) or not given:
        return None
    numbers = [value for value in given if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(given) or not all(abs(value) <= MAX_SIZE for value in numbers):  # false for NaN
        return None
    return tuple(map(float, numbers))
