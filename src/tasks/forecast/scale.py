"""What a channel's errors are divided by, so that channels of any unit can be averaged.

The scale is the mean absolute error of the seasonal naive forecast, one season ahead, on values that are known before
any forecast: with it the absolute error becomes the mean absolute scaled error, MASE (Hyndman & Koehler 2006, "Another
look at measures of forecast accuracy", section 3). 1 is as good as that forecast was there; less is better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.tasks.forecast.baselines import seasons_of
from src.tasks.row import Row


@dataclass(frozen=True)
class Scales:
    """Channel -> scale, in the channel's unit; None where there is none.

    Args:
        words: the season and where the scale comes from, to be read beside every scaled error.
    """

    of: Mapping[str, float | None]
    words: str


def naive_error(series: Iterable[Sequence[float] | np.ndarray], season: int) -> float | None:
    """Mean absolute difference of values that are a season apart, over all series; None where it is zero or unknown."""
    arrays = [np.asarray(values, dtype=np.float64) for values in series]
    differences = np.concatenate([np.abs(values[season:] - values[:-season]) for values in arrays])
    error = float(differences.mean()) if len(differences) else 0.0
    return error if np.isfinite(error) and error > 0 else None


def scales(rows: Sequence[Row]) -> Scales:
    """The scale of every channel, by the first season that rows know.

    Args:
        rows: ``info`` holds ``scale``, that of the channel's training part; or it is taken from the histories that the
            prompts show, one and all.
    """
    by_channel: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_channel[row.info["channel"]].append(row)
    name, season = next(iter(seasons_of(rows[0].info).items()), ("step", 1))
    known = all("scale" in row.info for row in rows)
    of = {
        channel: some[0].info["scale"] if known else naive_error([row.info["history"] for row in some], season)
        for channel, some in by_channel.items()
    }
    span = f"one {name} ahead (season: {season} steps)" if season > 1 else "one step ahead (no season)"
    words = (
        f"in units of the naive forecast's error {span} in {'the training part' if known else 'the histories shown'}"
    )
    if without := [channel for channel, scale in of.items() if scale is None]:
        words += f"; without {', '.join(without)}, whose values repeat exactly there or are too few"
    return Scales(of, words)
