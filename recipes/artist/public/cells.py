"""What stands in a cell of a published row: a series, lettered options, the right one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recipes.artist.question import Floats
from src.errors import DataError
from src.tasks.choice.answer import letters

TRUE_OR_FALSE = {"A": "True", "B": "False"}
_MARK = re.compile(r"(?:(?<=[\s(,;:])|^)([A-Z])[).:](?=\s|$)")
_LIST = re.compile(r"\[[^\[\]]*\]")
_FEWEST_COMMAS = 2  # of a list that is a series, and not an interval
_LETTER = re.compile(r"\(?([A-Z])\)?(?:[.:,]|\s*$|\))")
_ANSWER = re.compile(r"^(?:the\s+)?(?:correct\s+|right\s+)?answer\s*(?:is)?\s*:?\s*", re.IGNORECASE)
_WORD = re.compile(r"\W*([a-z]+)")


class NotAsked(Exception):
    """A row that is no question of the kind that is wanted; it is counted."""


def text_of(row: Mapping[str, Any], key: str) -> str:
    """The text in a column.

    Raises:
        DataError: there is none.
    """
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"there is no {key}")
    return value.strip()


def series_of(value: Any) -> Floats:
    """The one series of a cell: a list of numbers, or a list of one such list, or the JSON text of either.

    Raises:
        NotAsked: there are several series.
        DataError: it is no list of numbers.
    """
    try:
        found = np.asarray(json.loads(value) if isinstance(value, str) else value, dtype=np.float64)
    except (ValueError, TypeError):
        raise DataError("its series is no list of numbers") from None
    if found.ndim == 2 and len(found) > 1:
        raise NotAsked("several series")
    return found.reshape(-1) if found.ndim == 2 else found


def split_series(text: str) -> tuple[str, Floats]:
    """A question that holds its series in brackets, as text without it, and the series.

    Raises:
        NotAsked: there are several series.
        DataError: there is none.
    """
    lists = [found for found in _LIST.finditer(text) if found[0].count(",") >= _FEWEST_COMMAS]
    if len(lists) > 1:
        raise NotAsked("several series")
    if not lists:
        raise DataError("its question holds no series in brackets")
    (found,) = lists
    return f"{text[: found.start()]}[the series]{text[found.end() :]}".strip(), series_of(found[0])


def split_options(text: str) -> tuple[str, dict[str, str]]:
    """A question that holds its options, ``A) one B) another``, as text without them, and the options.

    The last A that a B follows begins them, so that an ``A.`` in a sentence before does not.

    Raises:
        DataError: there are none.
    """
    marks = list(_MARK.finditer(text))
    last = max((place for place, mark in enumerate(marks) if mark[1] == "B"), default=0)
    begin = max((place for place, mark in enumerate(marks[:last]) if mark[1] == "A"), default=None)
    if begin is None:
        raise DataError("its question holds no options")
    taken = [marks[begin]]
    for mark in marks[begin + 1 :]:
        if mark[1] == chr(ord(taken[-1][1]) + 1):
            taken.append(mark)
    ends = [*(mark.start() for mark in taken[1:]), len(text)]
    found = {mark[1]: text[mark.end() : end] for mark, end in zip(taken, ends, strict=True)}
    question = text[: taken[0].start()].rstrip(" \t\r\n(")
    return question, {name: option.strip(" \t\r\n,;(") for name, option in found.items()}


def lettered(options: Any) -> dict[str, str]:
    """A list of options under their letters.

    Raises:
        DataError: it is no list, or longer than the alphabet.
    """
    if not isinstance(options, Sequence) or isinstance(options, str) or len(letters(len(options))) < len(options):
        raise DataError("it has no list of options, or one that is longer than the alphabet")
    return dict(zip(letters(len(options)), (str(option).strip() for option in options), strict=True))


def right_letter(answer: str, options: Mapping[str, str]) -> str:
    """The letter of the right option: the answer begins with it (``C) because ...``), or is its text.

    Raises:
        DataError: it is none of the options, or several.
    """
    bare = _ANSWER.sub("", answer.strip())
    alike = [name for name, text in options.items() if _plain(text) == _plain(bare)]
    if len(alike) == 1:
        return alike[0]
    letter = _LETTER.match(bare)
    if not alike and letter and letter[1] in options:
        return letter[1]
    raise DataError(f"its answer '{bare[:40]}' is not one of the options {', '.join(options)}")


def true_or_false(answer: Any) -> str:
    """The letter in ``TRUE_OR_FALSE`` of an answer that begins with True, T, False or F.

    Raises:
        DataError: it begins with something else.
    """
    word = _WORD.match(_ANSWER.sub("", str(answer).strip()).lower())
    found = {"true": "A", "t": "A", "false": "B", "f": "B"}.get(word[1] if word else "")
    if found is None:
        raise DataError(f"its answer '{str(answer)[:40]}' is neither true nor false")
    return found


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".")
