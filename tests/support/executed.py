"""Which of the project's files run while something is made: what a fingerprint has to cover."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]


def executed(make: Callable[[], object]) -> set[str]:
    """The Python files below the root, relative to it, in which a function was called."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            found.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        make()
    finally:
        sys.setprofile(None)
    own = [Path(name).resolve() for name in found if name.endswith(".py")]
    return {
        str(path.relative_to(ROOT))
        for path in own
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ("src", "recipes", "data_pipelines")
    }
