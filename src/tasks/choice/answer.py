"""The one grammar of answers that choose one of several options, for rewards and evaluation alike.

    response  := <think> any text </think> <answer> body </answer>     well formed: each tag once, in this order, and
                                                                        nothing but white space around the sections
    body      := the text of the only <answer> pair; where a response has no think section it is read all the same
    choice    := the name of one option (a letter, a class), in any case, optionally followed by '.' or ')'

Nothing is searched for in free text, so naming every option, or hiding one in the reasoning, earns nothing.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

# Longer than any completion of a recipe, short enough to be read in milliseconds.
MAX_CHARS = 200_000
_OPENING = "\"'`\u201c\u2018\u00ab"  # quotes around the name of a class
_CLOSING = dict(zip(_OPENING, "\"'`\u201d\u2019\u00bb", strict=True))


@dataclass(frozen=True, slots=True)
class Body:
    """The text of the answer section (None where there is no usable one), and whether the response is well formed."""

    text: str | None
    well_formed: bool


def read_body(response: object) -> Body:
    """Find the answer section of a response; never raises."""
    if not isinstance(response, str) or len(response) > MAX_CHARS:
        return Body(None, False)
    text = response.strip()
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


def letters(count: int) -> list[str]:
    """The names of so many options: A, B, C, ..., at most 26."""
    return list(string.ascii_uppercase[:count])


def read_choice(text: str | None, options: Sequence[str]) -> str | None:
    """The option that a body names; None for anything else than one such name.

    >>> read_choice("b).", letters(4)), read_choice("Normal sinus rhythm", ["normal sinus rhythm", "other"])
    ('B', 'normal sinus rhythm')
    """
    if text is None:
        return None
    known = {_plain(option): option for option in options}
    return known.get(_plain(text.strip().removesuffix(".").removesuffix(")")))


def read_class(text: str | None, classes: Sequence[str]) -> str | None:
    """The class that a section names, in any case, in quotes or without; None for anything else than one such name.

    The whole text is compared, so classes whose names contain each other are told apart, and two names are none.

    >>> read_class('"Walking_Upstairs".', ["walking", "walking upstairs"])
    'walking upstairs'
    """
    if text is None:
        return None
    known = {_plain(name.replace("_", " ")): name for name in classes}
    bare = text.strip().removesuffix(".").strip()
    if len(bare) > 1 and _CLOSING.get(bare[0]) == bare[-1]:
        bare = bare[1:-1].strip().removesuffix(".")
    return known.get(_plain(bare.replace("_", " ")))


def _plain(name: str) -> str:
    return " ".join(name.split()).lower()
