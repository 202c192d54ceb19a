"""The one grammar of TimeOmni-1's answers, for rewards and evaluation alike.

    response  := <think> any text </think> <answer> body </answer>     well formed: each tag once, in this order, and
                                                                        nothing but white space around the sections
    body      := the text of the only <answer> pair; where a response has no think section it is read all the same
    choice    := one letter of the options, either case, optionally followed by '.' or ')'
    numbers   := NUMBER (separator NUMBER)*, bare or in one pair of brackets; separator: ',' or ';' or white space
    NUMBER    := [+-] (D+ [. D*] | . D+) [(e|E) [+-] D+], finite and at most 1e12 in size; D is an ASCII digit

Nothing is searched for in free text, so naming every option, or hiding a list in the reasoning, earns nothing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# Longer than any completion of the recipe, short enough to be read in milliseconds.
MAX_CHARS = 200_000
MAX_SIZE = 1e12
# An answer may be too long to be right, but not so long that reading it costs time.
MAX_SURPLUS = 4

_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Body:
    """The text of the answer section (None where there is no usable one), and whether the response is well formed."""

    text: str | None
    well_formed: bool


def read_body(response: object, *, think_opened: bool = False) -> Body:
    """Find the answer section of a response; never raises.

    think_opened: the chat template ends in ``<think>``, so that the response begins inside the reasoning.
    """
    if not isinstance(response, str) or len(response) > MAX_CHARS:
        return Body(None, False)
    text = (f"<think>{response}" if think_opened else response).strip()
    if text.count("<answer>") != 1 or text.count("</answer>") != 1:
        return Body(None, False)
    start, end = text.index("<answer>"), text.index("</answer>")
    if end < start:
        return Body(None, False)
    body = text[start + len("<answer>") : end].strip()
    thought = text[:start].rstrip()
    well_formed = (
        text.endswith("</answer>")
        and thought.startswith("<think>")
        and thought.endswith("</think>")
        and thought.count("<think>") == thought.count("</think>") == 1
        and "<think>" not in body
        and "</think>" not in body
    )
    return Body(body, well_formed)


def read_choice(text: str | None, options: int) -> str | None:
    """The chosen letter, ``A`` for the first of ``options``; None for anything else than one such letter."""
    if text is None:
        return None
    letter = text.strip().removesuffix(".").removesuffix(")").strip().upper()
    known = [chr(ord("A") + place) for place in range(options)]
    return letter if letter in known else None


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
