"""What a task asks of a text generator, and what it gets back. Nothing here knows a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from src.tasks.row import Message


@dataclass(frozen=True)
class Request:
    """A prompt, and the seed with which its answer is sampled."""

    messages: Sequence[Message]
    seed: int
    images: Sequence[bytes] = ()


@dataclass(frozen=True)
class Completion:
    """One answer. ``problem`` is set when there is none, for example because the prompt was too long."""

    text: str
    tokens: int
    truncated: bool = False
    problem: str | None = None


# Answers in the order of the requests.
Generate = Callable[[Sequence[Request]], Sequence[Completion]]


def request_seed(seed: int, run: int, place: int, turn: int) -> int:
    """A 32-bit seed; two requests that differ in any argument draw unrelated numbers.

    Args:
        place: of the question among those that are asked.
        turn: of the conversation, such as the roll of a long forecast.
    """
    return int(np.random.SeedSequence([seed, run, place, turn]).generate_state(1)[0])
