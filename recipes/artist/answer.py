"""The one reading of a reasoner's answer: for its reward, for the controller's reliability and for evaluation.

    response  := <think> any text </think> <answer> choice </answer>     well formed
    choice    := the letter of an option (``b``, ``B.``, ``(B)``), its text, or both (``B) rising``)

The answer section is read where it stands once and not in the reasoning. All of it is compared, in any case, so that a
sentence that begins with the article "a" is no option, nor are two letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from src.tasks.choice.answer import read_choice
from src.tasks.sections import read_sections


@dataclass(frozen=True, slots=True)
class Choice:
    """What was read from a response.

    Args:
        letter: of an option; None where none is named.
        answered: there is an answer section, and it is not empty.
        well_formed: all of it is in form to the letter.
    """

    letter: str | None
    answered: bool
    well_formed: bool


def read_answer(response: object, options: Mapping[str, str]) -> Choice:
    """Read a response; never raises.

    Args:
        options: letter -> text.

    >>> read_answer("<think>up</think><answer>B) Rising</answer>", {"A": "falling", "B": "rising"})
    Choice(letter='B', answered=True, well_formed=True)
    """
    sections = read_sections(response, ("think", "answer"))
    body = sections.texts.get("answer")
    return Choice(named_option(body, options), bool(body), sections.well_formed)


def named_option(body: str | None, options: Mapping[str, str]) -> str | None:
    """The letter of the one option that a text names; None for anything else."""
    if body is None:
        return None
    bare = re.sub(r"^\((\w)\)$", r"\1", body.strip())
    if (letter := read_choice(bare, list(options))) is not None:
        return letter
    if (text := _by_text(body, options)) is not None:
        return text
    found = re.match(r"\(?(\w)[).:]\s*(\S.*)$", body.strip(), re.DOTALL)
    both = found and (read_choice(found[1], list(options)), _by_text(found[2], options))
    return both[0] if both and both[0] == both[1] else None


def _by_text(body: str, options: Mapping[str, str]) -> str | None:
    text = read_choice(body, list(options.values()))
    letters = [letter for letter, one in options.items() if one == text]
    return letters[0] if len(letters) == 1 else None
