"""The calls that a session makes of the model, from which a dry run says what a step of training costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """Calls of one role in one session.

    Args:
        role: in one word.
        count: how many.
        tokens: that one of them writes at most; None: as many as a response may have.
    """

    role: str
    count: int = 1
    tokens: int | None = None
