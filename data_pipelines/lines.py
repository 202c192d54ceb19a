"""A history in lines, one a season, each named by how long ago it was."""

from __future__ import annotations

from data_pipelines.sample import ForecastSample
from data_pipelines.seasons import seasons


def season_of(sample: ForecastSample) -> str:
    """What a season of the sample is called: a day, a week, a year, or a season."""
    return next(iter(seasons(sample.freq, sample.period)), "season")


def ago(count: int, season: str) -> str:
    """The name of a line of ``by_season``, such as ``7 days ago``."""
    return f"{count} {season}{'' if count == 1 else 's'} ago"


def by_season(sample: ForecastSample) -> list[str]:
    """The history with one line a season, ``7 days ago: 30.1 36.5``; the first line holds what is over.

    A value has the same place in its line as that of a season before, so what repeats is found by the line's name.
    """
    values = [sample.format(value) for value in sample.history]
    season, over = season_of(sample), len(values) % sample.period
    begins = [*([0] if over else []), *range(over, len(values), sample.period)]
    ends = [*begins[1:], len(values)]
    return [
        f"{ago(len(begins) - place, season)}: {' '.join(values[begin:end])}"
        for place, (begin, end) in enumerate(zip(begins, ends, strict=True))
    ]
