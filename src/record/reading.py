"""Files of a run that may be torn: what can be read is read, the rest is named and never fatal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from src.errors import UserError


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that ``path`` holds.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}): restore it, or give another folder") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold a JSON object: restore it, or give another folder")
    return value


def read_lines(path: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file; a line that cannot be read is skipped, and named in ``notes``."""
    bad: list[int] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError:  # also text that is not UTF-8
                value = None
            if isinstance(value, dict):
                yield value
            elif line.endswith(b"\n"):
                bad.append(number)
            else:
                notes.append(f"the last line of {path.name} (line {number}) is torn: the run stopped while writing")
    if bad:
        shown = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
        notes.append(f"{path.name}: {len(bad)} line(s) are not JSON objects: line {shown}")
