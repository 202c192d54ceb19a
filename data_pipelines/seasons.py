"""What may repeat in a series, by its clock: what forecasts that need no model are held against."""

from __future__ import annotations

from data_pipelines import clock

_DAY_SECONDS = 86400.0


def seasons(freq: str, period: int | None = None) -> dict[str, int]:
    """The seasons of a series, what each is called -> its steps, the shortest first.

    >>> seasons("h"), seasons("MS"), seasons("step", 5)
    ({'day': 24, 'week': 168}, {'year': 12}, {'season': 5})

    Args:
        freq: a pandas frequency, or ``step``.
        period: the steps of the season that the settings name, which then comes first.
    """
    found = _of_clock(freq)
    if period is None or period < 2:
        return found
    name = next((name for name, steps in found.items() if steps == period), "season")
    return {name: period, **found}


def _of_clock(freq: str) -> dict[str, int]:
    if clock.is_subdaily(freq):
        from pandas.tseries.frequencies import to_offset  # takes a third of a second

        day = _DAY_SECONDS * 1e9 / to_offset(freq).nanos
        return {name: int(steps) for name, steps in (("day", day), ("week", 7 * day)) if steps.is_integer()}
    usual = clock.default_period(freq)
    if usual == 7:
        return {"week": 7, "year": 365}
    return {"week": 5} if usual == 5 else {"year": usual} if usual > 1 else {}
