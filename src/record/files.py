"""Files that appear whole or not at all, and what is moved out of the way instead of being deleted."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from src.errors import UserError


def write_whole(path: Path, content: bytes | Callable[[Path], object], sync: bool = False) -> None:
    """Write a file beside its place and move it into it: a reader never sees half of it.

    Args:
        content: what it holds, or a function that fills the path it is given. When that fails, ``path`` is as before.
        sync: also force it to disk, so that it outlives the machine.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if callable(content):
            content(partial)
        else:
            partial.write_bytes(content)
        if sync:
            with partial.open("rb") as file:
                os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: Path, value: Any, sync: bool = False) -> None:
    """Write ``value`` as JSON, whole; see ``write_whole``."""
    write_whole(path, (json.dumps(value, indent=1, default=str) + "\n").encode(), sync)


def read_json(path: Path) -> dict[str, Any]:
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


def set_aside(path: Path, why: str) -> Path:
    """Rename a file or folder to ``<name>.<why>-<time>``, a name that nothing has yet; returns the new path."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside, count = path.with_name(f"{path.name}.{why}-{stamp}"), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.{why}-{stamp}-{count}")
    return path.rename(aside)
