"""Timestamps of a series: parse, check that they are regular, name the step, write and continue labels.

A frequency is a pandas offset string ("h", "30min", "D", "MS"), or ``step`` for rows that are consecutive
(a counter, trading days).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from src.errors import DataError

if TYPE_CHECKING:  # it takes a third of a second, and a task that is only named needs it not
    import pandas as pd

STEP = "step"
_CALENDARS = ("B", "MS", "ME", "QS", "QE", "YS", "YE")
_DAY = timedelta(days=1)
# Steps per season where the step does not divide a day.
_SEASONS = {"B": 5, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "W": 52}


@dataclass(frozen=True)
class Clock:
    """One label per row, as prompts show them, and the frequency they follow."""

    labels: tuple[str, ...]
    freq: str


def read_clock(texts: Sequence[str], freq: str | None, where: str, date_format: str | None = None) -> Clock:
    """Parse a date column (N cells, the first one on line 2 of the file ``where``).

    Args:
        freq: None finds it from the data.

    Raises:
        DataError: for text that is no date, repeated, unsorted or missing timestamps, always with the line.
    """
    if freq == STEP:
        return Clock(_step_labels(texts, where), STEP)
    times = _parse(texts, where, date_format)
    if len(times) < 2:
        raise DataError(f"{where} has {len(times)} rows: give a longer series")
    _check_order(times, where)
    freq = freq or _find_freq(times)
    _check_regular(times, freq, where)
    return Clock(format_times(times, freq), freq)


def _parse(texts: Sequence[str], where: str, date_format: str | None) -> pd.DatetimeIndex:
    import pandas as pd
    from pandas.tseries.api import guess_datetime_format

    # Without one form for all, pandas would guess each date anew.
    form = date_format or guess_datetime_format(texts[0])
    if form is None:
        raise _not_a_date(texts[0], 0, where)
    try:
        times = pd.DatetimeIndex(pd.to_datetime(pd.Series(texts, dtype=str), errors="coerce", format=form))
    except (ValueError, TypeError) as error:  # mixed time zones
        raise DataError(f"{where}: its dates cannot be read ({error}): write them all in one form, in UTC") from None
    bad = np.flatnonzero(np.asarray(times.isna()))
    if len(bad):
        row = int(bad[0])
        raise _not_a_date(texts[row], row, where)
    return times.tz_localize(None)


def _not_a_date(text: str, row: int, where: str) -> DataError:
    return DataError(
        f"{where} line {row + 2}: '{text}' is not a date like the others: correct it, give the form with "
        "dataset.date_format (for example '%d.%m.%Y %H:%M'), or set dataset.freq=step if it is a counter"
    )


def _check_order(times: pd.DatetimeIndex, where: str) -> None:
    steps = np.diff(times.asi8)
    bad = np.flatnonzero(steps <= 0)
    if not len(bad):
        return
    row = int(bad[0]) + 1
    if steps[row - 1] == 0:
        raise DataError(f"{where} line {row + 2} repeats the timestamp {times[row]}: remove one of the two rows")
    raise DataError(f"{where} line {row + 2}: {times[row]} comes after {times[row - 1]}: sort the rows by date")


def _find_freq(times: pd.DatetimeIndex) -> str:
    import pandas as pd

    steps, counts = np.unique(np.diff(times), return_counts=True)
    if len(steps) > 1:
        for name in _CALENDARS:
            regular = pd.date_range(times[0], periods=len(times), freq=name)
            if regular.equals(times.as_unit(regular.unit)):
                return name
    return _name(pd.Timedelta(steps[counts.argmax()]))


def _name(step: pd.Timedelta) -> str:
    from pandas.tseries.frequencies import to_offset

    if step % _DAY == timedelta(0):
        return "D" if step == _DAY else f"{step // _DAY}D"
    return str(to_offset(step).freqstr)


def _check_regular(times: pd.DatetimeIndex, freq: str, where: str) -> None:
    import pandas as pd

    try:
        regular = pd.date_range(times[0], periods=len(times), freq=freq)
    except ValueError:
        raise DataError(f"dataset.freq is '{freq}': use a pandas frequency such as h, 30min or D, or step") from None
    bad = np.flatnonzero(times.as_unit(regular.unit).asi8 != regular.asi8)
    if len(bad):
        row = int(bad[0])
        raise DataError(
            f"{where} line {row + 2}: {times[row]} stands where {regular[row]} is due (one row per {freq}): "
            f"add the "
            "missing rows or remove the extra ones, or set dataset.freq=step to treat the rows as consecutive"
        )


def _step_labels(texts: Sequence[str], where: str) -> tuple[str, ...]:
    """Check that a counter (or any sorted date) rises; 1.0 becomes "1"."""
    try:
        numbers = np.array([float(text) for text in texts])
    except ValueError:
        times = _parse(texts, where, None)
        _check_order(times, where)
        return format_times(times, "D" if (times == times.normalize()).all() else "min")
    steps = np.diff(numbers)
    bad = np.flatnonzero(~np.isfinite(steps) | (steps <= 0) | (steps != steps[:1]))
    if len(bad):
        row = int(bad[0]) + 1
        raise DataError(
            f"{where} line {row + 2}: the counter goes from {texts[row - 1]} to {texts[row]}: number the "
            f"rows one by one"
        )
    whole = bool((numbers == np.floor(numbers)).all())
    return tuple(str(int(number)) for number in numbers) if whole else tuple(texts)


def is_subdaily(freq: str) -> bool:
    """Tell whether several steps make a day ("h", "30min", "15min")."""
    return freq != STEP and 0 < _seconds(freq) < _DAY.total_seconds()


def week(freq: str) -> int | None:
    """The number of steps in a week, of sub-daily data whose step divides it; None for any other."""
    steps = 7 * _DAY.total_seconds() / _seconds(freq) if is_subdaily(freq) else 0.0
    return int(steps) if steps.is_integer() and steps else None


def _seconds(freq: str) -> float:
    """Return the length of a step, 0 when it varies (months)."""
    import pandas as pd
    from pandas.tseries.frequencies import to_offset

    step = to_offset(freq)
    return float(step.nanos) / 1e9 if isinstance(step, pd.offsets.Tick) else 0.0


def format_times(times: pd.DatetimeIndex, freq: str) -> tuple[str, ...]:
    """Write timestamps as "2016-07-01 00:00:00", or "2016-07-01" when the step is a day or longer."""
    midnight = bool((times == times.normalize()).all())
    form = "%Y-%m-%d" if midnight and not is_subdaily(freq) else "%Y-%m-%d %H:%M:%S"
    return tuple(times.strftime(form))


def times(freq: str, count: int) -> str:
    """Name the step that is ``count`` steps of ``freq`` long: 8 times "30min" is "4h".

    Raises:
        DataError: steps vary in length (months) or have none (``step``).
    """
    if count == 1:
        return freq
    import pandas as pd
    from pandas.tseries.frequencies import to_offset

    if freq == STEP or not isinstance(to_offset(freq), (pd.offsets.Tick, pd.offsets.Day)):
        raise DataError(f"dataset.rows_per_step={count} needs rows of one length, not '{freq}': set it to 1")
    first, second = pd.date_range("2000-01-01", periods=2, freq=freq)
    return _name((second - first) * count)


def default_period(freq: str) -> int:
    """Steps per season: a day for sub-daily data (24 hourly), a week for daily data, else a year."""
    if freq == STEP:
        return 1
    if is_subdaily(freq):
        return max(1, round(_DAY.total_seconds() / _seconds(freq)))
    return 7 if freq == "D" else _SEASONS.get(freq.split("-")[0], 1)


def continue_labels(start: str, freq: str, count: int) -> list[str]:
    """``count`` labels from ``start`` on.

    Raises:
        DataError: the labels of ``step`` data are not numbers.
    """
    if freq != STEP:
        import pandas as pd

        return list(format_times(pd.date_range(start, periods=count, freq=freq), freq))
    if not start.lstrip("-").isdigit():
        raise DataError(f"'{start}' cannot be continued without a frequency: set dataset.prompt.timestamps=none")
    return [str(int(start) + step) for step in range(count)]
