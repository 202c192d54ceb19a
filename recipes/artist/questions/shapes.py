"""What happens inside a burst: the order of its values, which from above cannot be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recipes.artist.question import Floats


@dataclass(frozen=True)
class Shape:
    """An order of values.

    Args:
        says: what a teacher says of a burst that has it.
        template: of (N,) positions from 0 to 1; the highest value stands where it is highest, and so on down.
    """

    says: str
    template: Callable[[Floats], Floats]


def _waves(cycles: float) -> Callable[[Floats], Floats]:
    return lambda at: np.sin(2 * np.pi * cycles * at)


def _hump(middle: float) -> Callable[[Floats], Floats]:
    return lambda at: -np.abs(at - middle)


SHAPES: Mapping[str, Shape] = {
    "up": Shape("goes up first", _waves(1)),
    "down": Shape("goes down first", _waves(-1)),
    "two": Shape("swings two times", _waves(2)),
    "three": Shape("swings three times", _waves(3)),
    "four": Shape("swings four times", _waves(4)),
    "early": Shape("is highest in its first third", _hump(1 / 6)),
    "middle": Shape("is highest in its second third", _hump(1 / 2)),
    "late": Shape("is highest in its last third", _hump(5 / 6)),
    "once": Shape("steps up once", lambda at: at),
    "back": Shape("steps up, back and up again", lambda at: at + 2.0 * (np.floor(4 * at) % 2)),
    "climbs": Shape("climbs slowly and drops at once, twice", lambda at: (2 * at) % 1.0),
    "decays": Shape("jumps up and decays slowly, twice", lambda at: -((2 * at) % 1.0)),
}


def arranged(values: Floats, shape: str) -> Floats:
    """The same values in the order of a shape."""
    found: Floats = np.sort(values)[_ranks(_template(shape, len(values)))]
    return found


def recognised(values: Floats, among: Sequence[str]) -> str:
    """The shape that the values' order is nearest to; nothing is known of how they were made."""
    ranks = _ranks(values)
    fits = [float(np.corrcoef(ranks, _ranks(_template(one, len(values))))[0, 1]) for one in among]
    return among[int(np.argmax(fits))]


def _template(shape: str, count: int) -> Floats:
    return SHAPES[shape].template((np.arange(count) + 0.5) / count)


def _ranks(values: Floats) -> NDArray[np.intp]:
    return np.argsort(np.argsort(values, kind="stable"))
