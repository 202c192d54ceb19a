"""Contiguous windows split by time: history and target of a window follow each other without a gap.

Rule against leakage: a training window lies wholly before ``train_end``, history and target; the targets of
``val`` lie in [train_end, test_begin), those of ``test`` in [test_begin, test_end). Only histories of val and
test may reach back, as in practice. All positions are row numbers; a window is named by the row where its
history begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from data_pipelines.settings import DatasetSettings, SplitSettings
from src.errors import DataError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Borders:
    """Row numbers: train is [0, train_end); val targets start there, test targets at test_begin."""

    train_end: int
    test_begin: int
    test_end: int

    def targets(self, split: str) -> tuple[int, int]:
        """The half-open range of rows that the targets of ``split`` must lie in."""
        ranges = {
            "train": (0, self.train_end),
            "val": (self.train_end, self.test_begin),
            "test": (self.test_begin, self.test_end),
        }
        return ranges[split]


def split_borders(rows: int, split: SplitSettings) -> Borders:
    """Split ``rows`` by time, at fixed borders (ETT: 12, 4 and 4 months) or by shares.

    By shares, train takes the first int(train * rows) rows and test the last int(test * rows), as Time-R1
    does.
    """
    if split.borders is not None:
        if len(split.borders) != 3 or not 0 < split.borders[0] < split.borders[1] < split.borders[2]:
            raise DataError("dataset.split.borders must be three rising row numbers: where train, val and test end")
        if split.borders[2] > rows:
            raise DataError(
                f"the file has {rows} rows but dataset.split.borders ends at {split.borders[2]}: "
                "give the complete file, or other borders"
            )
        return Borders(*split.borders)
    shares = (split.train, split.val, split.test)
    if min(shares) <= 0 or sum(shares) > 1 + 1e-9:
        raise DataError(f"dataset.split has the shares {shares}: set them above 0 with a sum of at most 1")
    # The tiny term keeps 0.7 * 10 = 6.999... at 7.
    train_end, test_rows = int(split.train * rows + 1e-9), int(split.test * rows + 1e-9)
    return Borders(train_end, rows - test_rows, rows)


def window_starts(split: str, borders: Borders, context: int, target: int, stride: int) -> NDArray[np.int64]:
    """The first history row of each window of ``split``.

    Args:
        context: the history's length in rows.
        target: the truth's length in rows.

    Raises:
        DataError: not even one window fits.
    """
    begin, end = borders.targets(split)
    first = 0 if split == "train" else max(0, begin - context)
    last = end - target - context
    if last < first:
        have = end - first
        raise DataError(
            f"the {split} part is too short for one window: it has {max(have, 0)} rows (history included) "
            f"and needs "
            f"{context + target}: give a longer series, lower dataset.context_length or dataset.horizon, "
            f"or raise dataset.split.{split}"
        )
    return np.arange(first, last + 1, stride)


def split_starts(split: str, borders: Borders, settings: DatasetSettings) -> NDArray[np.int64]:
    """The window starts of one channel in ``split`` (every channel has the same ones)."""
    step, evaluation = settings.rows_per_step, settings.evaluation
    context, horizon = step * settings.context_length, step * settings.horizon
    if split != "test":
        return window_starts(split, borders, context, horizon, settings.stride)
    length = step * evaluation.target_length if evaluation.target_length else horizon
    if evaluation.mode == "full":
        return window_starts(split, borders, context, length, evaluation.full_stride)
    # Time-R1's released evaluation: the first ten windows of every column, not the whole test set.
    starts = window_starts(split, borders, context, length, evaluation.paper_stride)
    if len(starts) < evaluation.windows_per_channel:
        raise DataError(
            f"the test part holds {len(starts)} windows but dataset.evaluation.windows_per_channel asks for "
            f"{evaluation.windows_per_channel}: lower it, or set dataset.evaluation.mode=full"
        )
    return starts[: evaluation.windows_per_channel]


@dataclass(frozen=True, eq=False)
class Windows(Sequence[tuple[str, int]]):
    """Windows as (channel, start); a million of them are a million whole numbers.

    Args:
        starts: of one channel's windows, the same for all channels.
        places: (N,) the chosen windows, numbered channel by channel.
    """

    channels: Sequence[str]
    starts: NDArray[np.int64]
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> tuple[str, int]: ...

    @overload
    def __getitem__(self, place: slice) -> list[tuple[str, int]]: ...

    def __getitem__(self, place: int | slice) -> tuple[str, int] | list[tuple[str, int]]:
        if isinstance(place, slice):
            return [self._window(one) for one in self.places[place].tolist()]
        return self._window(int(self.places[place]))

    def _window(self, number: int) -> tuple[str, int]:
        channel, start = divmod(number, len(self.starts))
        return self.channels[channel], int(self.starts[start])

    def of_channel(self, channel: str) -> NDArray[np.int64]:
        """The starts of one channel's windows."""
        channels, starts = np.divmod(self.places, len(self.starts))
        return self.starts[starts[channels == self.channels.index(channel)]]

    def shuffled(self, draw: np.random.Generator) -> Windows:
        """The same windows in a random order."""
        return replace(self, places=self.places[draw.permutation(len(self))])


def select(split: str, borders: Borders, settings: DatasetSettings, channels: Sequence[str]) -> Windows:
    """The windows of ``split``, in order, at most ``max_windows`` of them."""
    starts = split_starts(split, borders, settings)
    count = len(channels) * len(starts)
    limit = getattr(settings.max_windows, split)
    if limit is None or limit >= count:
        return Windows(channels, starts, np.arange(count))
    chosen = generator(settings.seed, split).choice(count, size=limit, replace=False)
    return Windows(channels, starts, np.sort(chosen))


def generator(seed: int, purpose: str) -> np.random.Generator:
    """An independent random stream for each purpose, the same in every process."""
    return np.random.default_rng([seed, *purpose.encode()])
