"""What the evaluation asks of a text generator, and what it gets back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One user message, and the seed with which its answer is sampled."""

    prompt: str
    seed: int


@dataclass(frozen=True)
class Completion:
    """One answer. `problem` is set when there is none, for example because the prompt was too long."""

    text: str
    tokens: int
    truncated: bool = False
    problem: str | None = None


# Answers in the order of the requests.
Generate = Callable[[Sequence[Request]], Sequence[Completion]]
