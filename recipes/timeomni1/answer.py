"""TimeOmni-1's forecasts: what an answer section may hold is the grammar of ``src.tasks.forecast.answer``.

Two limits beside it: no value is above ``MAX_SIZE`` in size, and no list is ``MAX_SURPLUS`` times as long as asked.
"""

from __future__ import annotations

from src.tasks.forecast.answer import Unreadable, read_values

MAX_SIZE = 1e12
MAX_SURPLUS = 4


def read_numbers(text: str | None, horizon: int) -> tuple[float, ...] | None:
    """The values of a list, however many; None for text that is no list, or has over ``MAX_SURPLUS * horizon``."""
    if text is None:
        return None
    try:
        values = read_values(text)
    except Unreadable:
        return None
    if len(values) > MAX_SURPLUS * horizon or not all(abs(value) <= MAX_SIZE for value in values):
        return None
    return tuple(values)
