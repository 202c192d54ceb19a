"""A kind of question about bursts: which of them it names, and what their shapes mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

# The one burst that each name means among any that are looked at, if it is among them at all.
NAMES = ("first", "last", "tallest", "smallest")


@dataclass(frozen=True)
class Kind:
    """How a question is asked and answered.

    Args:
        text: with ``{0}``, ``{1}``, ``{2}`` for the names of the bursts.
        options: their texts, which may hold names, too.
        shapes: that any burst of the series may have.
        bursts: how many are named.
        tell: the number of the right option for the shapes of these bursts; None for shapes that have no answer.
    """

    text: str
    options: Sequence[str]
    shapes: Sequence[str]
    bursts: int
    tell: Callable[[Sequence[str]], int | None]

    @cached_property
    def hidden(self) -> Mapping[int, Sequence[tuple[str, ...]]]:
        """The shapes for which each option is right."""
        found: dict[int, list[tuple[str, ...]]] = {place: [] for place in range(len(self.options))}
        for shapes in product(self.shapes, repeat=self.bursts):
            if (place := self.tell(shapes)) is not None:
                found[place].append(shapes)
        return found


def same(shapes: Sequence[str]) -> int:
    """The first option where all are alike, the second else."""
    return int(len(set(shapes)) > 1)
