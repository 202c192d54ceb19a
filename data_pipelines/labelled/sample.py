"""One labelled series as it is shown: what prompts, plots and traces are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelledSample:
    """A series with the question that is asked of it.

    Args:
        values: (C, L), none missing.
        channels: names, (C,); empty for one channel without a name.
        label: the name of its class.
        classes: the names of all classes.
        split: of the row, ``train``, ``val`` or ``test``.
        place: of the series within its part of the data.
        group: what it depends on others by; None: nothing.
        rate: steps per second; None: unknown.
    """

    values: NDArray[np.float64]
    channels: Sequence[str]
    label: str
    classes: Sequence[str]
    split: str
    place: int
    group: str | None = None
    rate: float | None = None

    def by_channel(self) -> dict[str, NDArray[np.float64]] | NDArray[np.float64]:
        """The series as ``src.tasks.plots.draw`` takes it: named channels, or one without a name."""
        return dict(zip(self.channels, self.values, strict=True)) if self.channels else self.values[0]
