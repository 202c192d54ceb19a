"""Reading the files of published test sets; what is wrong with one is a message that names file and question."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src.errors import DataError


def read_objects(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON list, or of JSON lines; DataError for anything else."""
    try:
        text = path.read_text("utf-8-sig")
        if text.lstrip().startswith("["):
            found = json.loads(text)
        else:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON ({error}): get the file again") from None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise DataError(f"{path} holds no list of questions: get the file again")
    return found


def read_table(path: Path) -> list[dict[str, Any]]:
    """The rows of a CSV file with a header; DataError for anything else."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found: list[dict[str, Any]] = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV ({error}): get the file again") from None
    if not found:
        raise DataError(f"{path} holds no list of questions: get the file again")
    return found


def require(one: Mapping[str, Any], fields: tuple[str, ...], path: Path, number: int) -> None:
    """Refuse a question without some of its fields; the message names all that are missing."""
    missing = [name for name in fields if one.get(name) in (None, "")]
    if missing:
        raise DataError(f"{path}, question {number}: there is no {', '.join(missing)}; it needs {', '.join(fields)}")
