"""TimeOmni-1's forecasts in an answer section; sections and choices are read by ``src.tasks.choice.answer``.

    numbers   := NUMBER (separator NUMBER)*, bare or in one pair of brackets; separator: ',' or ';' or white space
    NUMBER    := [+-] (D+ [. D*] | . D+) [(e|E) [+-] D+], finite and at most 1e12 in size; D is an ASCII digit

Nothing is searched for in free text, so hiding a list in the reasoning earns nothing.
"""

from __future__ import annotations

import math
import re

MAX_SIZE = 1e12
# An answer may be too long to be right, but not so long that reading it costs time.
MAX_SURPLUS = 4

_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def read_numbers(text: str | None, horizon: int) -> tuple[float, ...] | None:
    """The values of a list, however many; None for text that is no list, or has over ``MAX_SURPLUS * horizon``."""
    if text is None:
        return None
    body = text.strip()
    if body.startswith("[") and body.endswith("]"):
        body = body[1:-1].strip()
    pieces = _SEPARATOR.split(body, maxsplit=MAX_SURPLUS * horizon)
    if len(pieces) > MAX_SURPLUS * horizon or not all(map(_NUMBER.fullmatch, pieces)):
        return None
    values = tuple(map(float, pieces))
    return values if all(math.isfinite(value) and abs(value) <= MAX_SIZE for value in values) else None
