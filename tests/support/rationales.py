"""Reads a rationale back: which step each line is, and every number in it."""

import re
import string
from collections.abc import Mapping
from functools import cache

_FIELD = re.compile(r"\{(\w+)\}")


@cache
def _pattern(phrasing: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for literal, field, _spec, _conversion in string.Formatter().parse(phrasing):
        parts.append(re.escape(literal))
        if field:
            parts.append(f"(?P={field})" if field in seen else f"(?P<{field}>.+?)")
            seen.add(field)
    return re.compile("".join(parts))


def fixed_text(phrasing: str) -> str:
    """What a phrasing says without its fields and without the step's number."""
    return re.sub(r"^\d\. ", "", _FIELD.sub("", phrasing))


def read_rationale(text: str, steps: Mapping[str, tuple[str, ...]]) -> list[tuple[str, dict[str, str]]]:
    """Every line as (step, fields); a line that no phrasing makes is an error."""
    found = []
    for line in text.split("\n"):
        matches = [
            (step, match.groupdict())
            for step, phrasings in steps.items()
            for phrasing in phrasings
            if (match := _pattern(phrasing).fullmatch(line))
        ]
        assert matches, f"no phrasing makes the line: {line}"
        found.append(matches[0])
    return found
