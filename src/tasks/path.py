"""How a session went through one long series, for a picture: what was read in which order, and what was said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.tasks.plots.thinning import keep_extremes

POINTS = 400  # drawn of a series: about one per pixel and a half
Interval = tuple[int, int]  # half-open


@dataclass(frozen=True)
class Said:
    """One turn.

    Args:
        role: who speaks.
        segment: that the turn asks for; None where it asks for none.
    """

    role: str
    text: str
    segment: Interval | None = None


@dataclass(frozen=True)
class Path:
    """A session.

    Args:
        values, places: points of the series that keep its outline, and the steps at which they stand.
        length: steps of the series.
        segments: in the order in which they were read.
        evidence: where the answer stands; empty: unknown.
        said: turn by turn.
        facts: what it came to, by name.
    """

    values: list[float | None]
    places: list[int]
    length: int
    segments: Sequence[Interval]
    evidence: Sequence[Interval] = ()
    said: Sequence[Said] = ()
    facts: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def through(cls, series: NDArray[np.float64], segments: Sequence[Interval], **more: Any) -> Path:
        """The path through a whole series.

        Args:
            series: shape (H,), NaN where there is no value.
            more: the other fields.
        """
        places = keep_extremes(series, POINTS)
        values = [float(f"{one:.6g}") if np.isfinite(one) else None for one in series[places]]
        return cls(values, places.tolist(), len(series), segments, **more)

    def as_json(self) -> dict[str, Any]:
        """Its JSON value, as a sample has it."""
        return asdict(self)
