"""JSON lines: appended one by one, and read whole, with what is torn left out, or bit by bit while they are written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def append_line(path: Path, value: Mapping[str, Any]) -> None:
    """Append one JSON line in a single write; see ``as_line``."""
    with path.open("ab", buffering=0) as file:
        file.write(as_line(value))


def as_line(value: Mapping[str, Any]) -> bytes:
    """One JSON line; values that JSON does not know as numbers become null."""
    return (json.dumps({key: _plain(item) for key, item in value.items()}) + "\n").encode()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that is known to be whole, as a run's own is once a resume has mended it.

    Returns:
        Nothing where there is no file.

    Raises:
        ValueError: a line is no JSON.
    """
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def readable_lines(path: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    """The objects of a file that may be torn; a line that cannot be read is skipped, and named in ``notes``."""
    bad: list[int] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if (value := parse_line(line)) is not None:
                yield value
            elif line.strip() and line.endswith(b"\n"):
                bad.append(number)
            elif line.strip():
                notes.append(torn(path, number))
    if bad:
        notes.append(unreadable(path, bad))


class Tail:
    """What is appended to a file, as it comes. A line counts when it ends: somebody may be writing the last one.

    Args:
        path: the file, which may not exist yet.
        offset: of the first byte that is not read, at the start of a line.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.rest = b""  # what stands there without an end of line

    @classmethod
    def from_end(cls, path: Path) -> Tail:
        """Of what is appended from now on."""
        return cls(path, path.stat().st_size if path.exists() else 0)

    def read(self, until: int | None = None) -> list[bytes]:
        """The whole lines that were appended since the last call, without their ends.

        Args:
            until: the offset to stop at; None: the end of the file.
        """
        if not self.path.is_file():
            return []
        with self.path.open("rb") as file:
            file.seek(self.offset)
            text = file.read() if until is None else file.read(until - self.offset)
        whole, newline, self.rest = text.rpartition(b"\n")
        self.offset += len(whole) + len(newline)
        return whole.split(b"\n") if newline else []


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The object of one line of JSON, None for anything else."""
    try:
        value = json.loads(line)
    except ValueError:  # also text that is not UTF-8
        return None
    return value if isinstance(value, dict) else None


def torn(path: Path, number: int) -> str:
    """What a reader is told of a last line without an end."""
    return f"The last line of {path.name} (line {number}) is torn: the run stopped while writing. It is left out."


def unreadable(path: Path, numbers: list[int]) -> str:
    """What a reader is told of lines that hold no object."""
    shown = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
    return f"{len(numbers)} line(s) of {path.name} are not JSON objects and are left out: line {shown}."


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
