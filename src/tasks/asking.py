"""What a task asks of a text generator, and what it gets back. Nothing here knows a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from src.tasks.row import Message


@dataclass(frozen=True)
class Request:
    """A prompt, and the seed with which its answer is sampled.

    Args:
        temperature: of a task whose turns have their own; None: the evaluation's. A greedy evaluation stays greedy.
        max_tokens: likewise; the evaluation's is the most that it can be.
    """

    messages: Sequence[Message]
    seed: int
    images: Sequence[bytes] = ()
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class Completion:
    """One answer.

    Args:
        problem: why there is none, for example because the prompt was too long.
        prompt_tokens, cached_tokens: of its prompt, all of them and those that the engine had read before.
    """

    text: str
    tokens: int
    truncated: bool = False
    problem: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0


# Answers in the order of the requests.
Generate = Callable[[Sequence[Request]], Sequence[Completion]]


def request_seed(seed: int, run: int, place: int, turn: int) -> int:
    """A 32-bit seed; two requests that differ in any argument draw unrelated numbers.

    Args:
        place: of the question among those that are asked.
        turn: of the conversation, such as the roll of a long forecast.
    """
    return int(np.random.SeedSequence([seed, run, place, turn]).generate_state(1)[0])
