"""A series in the form that both renderers draw: channels, named or not, over positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from src.errors import DataError

Floats = NDArray[np.float64]
_LARGEST = 1e300  # ranges of greater values are no numbers


@dataclass(frozen=True)
class Drawable:
    """Channels over one axis.

    Args:
        names: of the channels, (C,); empty where they have none.
        values: (C, N); NaN where there is none.
        x: (N,) positions; of dates, seconds since 1970.
        dates: whether ``x`` are dates.
    """

    names: Sequence[str]
    values: Floats
    x: Floats
    dates: bool


def drawable(series: ArrayLike | Mapping[str, ArrayLike], x: Sequence[Any] | NDArray[Any] | None) -> Drawable:
    """Read what ``draw`` was given.

    Raises:
        DataError: no points, channels of different lengths, more than two dimensions, or positions that do not fit.
    """
    names: list[str] = []
    if isinstance(series, Mapping):
        names = [str(name) for name in series]
        columns = [np.asarray(column, dtype=np.float64) for column in series.values()]
        if len({column.shape for column in columns}) > 1:
            raise DataError(f"channels of different lengths cannot share a plot: {', '.join(names)}")
        values = np.array(columns, dtype=np.float64)
    else:
        values = np.atleast_2d(np.asarray(series, dtype=np.float64))
    if values.ndim != 2 or not values.size:
        raise DataError(f"a series of shape {values.shape} cannot be drawn: give (N,) or (C, N) values, at least one")
    positions, dates = _positions(x, values.shape[1])
    return Drawable(names, np.where(np.abs(values) < _LARGEST, values, np.nan), positions, dates)


def _positions(x: Sequence[Any] | NDArray[Any] | None, count: int) -> tuple[Floats, bool]:
    if x is None:
        return np.arange(count, dtype=np.float64), False
    given = np.asarray(x)
    if given.shape != (count,):
        raise DataError(f"{given.size} positions for {count} points: give one for each")
    dates = not np.issubdtype(given.dtype, np.number)
    try:
        positions = given.astype("datetime64[us]").astype(np.float64) / 1e6 if dates else given.astype(np.float64)
    except ValueError as error:
        raise DataError(f"a plot's dates must be of the form 2016-07-01 00:00:00: {error}") from None
    if not np.isfinite(positions).all() or (dates and np.isnat(given.astype("datetime64[us]")).any()):
        raise DataError("a plot's positions must be numbers or dates: give one for each point")
    return positions, dates
