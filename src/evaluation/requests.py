"""What the evaluation asks of a text generator, and what it gets back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# One user message, or a conversation: messages with role and content.
Prompt = str | Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Request:
    """A question, and the seed with which its answer is sampled."""

    prompt: Prompt
    seed: int


@dataclass(frozen=True)
class Completion:
    """One answer. ``problem`` is set when there is none, for example because the prompt was too long."""

    text: str
    tokens: int
    truncated: bool = False
    problem: str | None = None


# Answers in the order of the requests.
Generate = Callable[[Sequence[Request]], Sequence[Completion]]


def request_seed(seed: int, run: int, window: int, roll: int) -> int:
    """Return a 32-bit seed; two requests that differ in any argument draw unrelated numbers."""
    return int(np.random.SeedSequence([seed, run, window, roll]).generate_state(1)[0])
