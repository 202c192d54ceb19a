"""The one form of a number in a text, for answers and for people's files alike."""

from __future__ import annotations

import math


def read_number(text: str) -> float | None:
    """The number that a text names; None for anything else.

    ::

        NUMBER := [+-] (D+ [. D*] | . D+) [(e|E) [+-] D+]     finite as a 64-bit float; D is an ASCII digit

    White space around it does not count. ``float()`` alone would take ``2_1``, digits of other scripts, ``nan`` and
    ``inf``; with these excluded it is this grammar, and it keeps the exact value.

    >>> read_number("-.5e1"), read_number("2_1"), read_number("31,5")
    (-5.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and text.isascii() and "_" not in text else None
