"""The dates of a file: texts of one form, seconds since 1970, parts in several columns."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data_pipelines.clock import STEP, check_regular, find_freq, format_times, is_regular
from data_pipelines.texts import as_series
from src.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Names a row's place, "FILE line 7".
Place = Callable[[int], str]
_DATE_PARTS = ("year", "month", "day")
_TIME_PARTS = ("hour", "minute", "second")
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)?\s*$")
_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?(?:[:.](\d{2}))?", re.ASCII)
# Whole numbers below these are moments of 1973 to 2103 in that unit: they do not overlap.
_EPOCHS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH_SECONDS = range(10**8, 42 * 10**8)
_COMPACT = ("%Y%m%d%H", "%Y%m%d%H%M")  # 2022010300 and 202201030000 would be moments too


@dataclass(frozen=True)
class Dates:
    """One label per row, as prompts show them, the frequency they follow, and how the texts were understood.

    Args:
        note: what a reader of another country would have read otherwise; empty where there is one way to read them.
    """

    labels: Sequence[str]
    freq: str
    note: str = ""


class OrderError(DataError):
    """A row does not come after the one before it.

    Args:
        row: its number, from 0.
    """

    def __init__(self, message: str, row: int) -> None:
        super().__init__(message)
        self.row = row


def read_dates(
    texts: Sequence[str],
    freq: str | None,
    place: Place,
    date_format: str | None = None,
    times_of_day: Sequence[str] | None = None,
) -> Dates:
    """Read N dates that rise by regular steps.

    Args:
        freq: None finds it from the data.
        date_format: None finds it from the data.
        times_of_day: the cells of a second column, hours or HH:MM.

    Raises:
        OrderError: repeated or unsorted dates.
        DataError: text that is no date, missing dates; always with the line.
    """
    if freq == STEP and times_of_day is None and (counted := _counter(texts, place)) is not None:
        return Dates(counted, STEP)
    times, note = _parse(texts, place, date_format, times_of_day, freq)
    if freq == STEP:
        check_order(times, place)
        return Dates(format_times(times, "D" if (times == times.normalize()).all() else "min"), STEP, note)
    if len(times) < 2:
        raise DataError(f"{place(0)} is the only row: give a longer series")
    check_order(times, place)
    found = check_regular(times, freq, place)
    return Dates(format_times(times, found), found, note)


def from_columns(columns: Mapping[str, Sequence[str]]) -> tuple[Sequence[str], Sequence[str] | None]:
    """The texts of dates and times of day that stand in one or more columns.

    Args:
        columns: a date; a date and a time of day; or year, month, day and as much of hour, minute, second as there is.

    Raises:
        DataError: other columns.
    """
    if len(columns) == 1:
        return next(iter(columns.values())), None
    parts = {name.strip().lower(): cells for name, cells in columns.items()}
    if set(_DATE_PARTS) <= set(parts) <= {*_DATE_PARTS, *_TIME_PARTS}:
        times = [[f"{part:0>2}" for part in parts[name]] for name in _TIME_PARTS if name in parts]
        dates = ["-".join(date) for date in zip(*(parts[name] for name in _DATE_PARTS), strict=True)]
        return dates, [":".join(time) for time in zip(*times, strict=True)] if times else None
    if len(columns) == 2:
        date, hours = columns.values()
        return date, hours
    raise DataError(
        f"dataset.date_column=[{','.join(columns)}]: name a column, a date and a time of day, or columns that are "
        "called year, month, day (and hour, minute, second)"
    )


def named_parts(columns: Iterable[str]) -> list[str]:
    """The columns that are called year, month, day, hour, minute and second, if the first three are there."""
    parts = {name.lower(): name for name in columns if name.lower() in (*_DATE_PARTS, *_TIME_PARTS)}
    return list(parts.values()) if set(_DATE_PARTS) <= set(parts) else []


def is_time_of_day(name: str, texts: Sequence[str]) -> bool:
    """Whether a column holds times such as 18:00 and 18.00.00, or hours: all of a day, or under a name that says so."""
    if any(_seconds(text) is None for text in texts):
        return False
    numbers = {int(text) for text in texts if text.strip().isdigit()}
    of_a_day = numbers in (set(range(24)), set(range(1, 25)))
    return not numbers or of_a_day or bool(re.search(r"hour|time|hr|uhr|stunde|heure|hora", name.lower()))


def check_order(times: pd.DatetimeIndex, place: Place) -> None:
    """Refuse dates that do not rise.

    Raises:
        OrderError: the first row that does not come after the one before it.
    """
    steps = np.diff(times.asi8)
    bad = np.flatnonzero(steps <= 0)
    if not len(bad):
        return
    row = int(bad[0]) + 1
    if times.has_duplicates:
        row = int(np.flatnonzero(times.duplicated())[0])
        raise OrderError(
            f"{place(row)} repeats the timestamp {times[row]}: name the column that tells series apart with "
            "dataset.id_column, the columns of date and hour with dataset.date_column=[DATE,HOUR], or write UTC where "
            "a clock was set back; only where two rows are the same measurement remove one",
            row,
        )
    raise OrderError(f"{place(row)}: {times[row]} comes after {times[row - 1]}: sort the rows by date", row)


def _parse(
    texts: Sequence[str], place: Place, date_format: str | None, hours: Sequence[str] | None, freq: str | None
) -> tuple[pd.DatetimeIndex, str]:
    import pandas as pd

    since = None if hours is None else pd.to_timedelta(_seconds_of_day(hours, place), unit="s")
    if date_format is None and since is None and (moments := _epoch(texts)) is not None:
        return moments
    forms = [date_format] if date_format else _forms(texts[0])
    if not forms:
        raise _not_a_date(texts[0], place(0))
    read = [(form, _read(texts, form, place)) for form in forms]
    whole = [(form, times if since is None else times + since) for form, times in read if not times.isna().any()]
    if not whole:
        row = max(int(times.isna().argmax()) for _, times in read)
        raise _not_a_date(texts[row], place(row))
    form, times = whole[0] if len(whole) == 1 or whole[0][1].equals(whole[1][1]) else _likely(whole, texts, place, freq)
    note = f"dates read by {form} ({texts[0]} is {times[0].date()})" if len(read) > 1 else ""
    return times, note


def _forms(text: str) -> list[str]:
    """The forms that pandas sees in a date: two where it may begin with the month or the day."""
    from pandas.tseries.api import guess_datetime_format

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 13.01.2022 does not begin with the month
        guessed = [guess_datetime_format(text, dayfirst=dayfirst) for dayfirst in (False, True)]
    forms = list(dict.fromkeys(form for form in guessed if form))
    return forms[:1] if forms and forms[0].lstrip().startswith("%Y") else forms


def _read(texts: Sequence[str], form: str, place: Place) -> pd.DatetimeIndex:
    import pandas as pd

    # Without one form for all, pandas would guess each date anew.
    try:
        times = pd.DatetimeIndex(pd.to_datetime(as_series(texts), errors="coerce", format=form))
    except (ValueError, TypeError) as error:
        zones = [_ZONE.search(text)[0] for text in texts]  # type: ignore[index]
        row = next((row for row, zone in enumerate(zones) if zone != zones[0]), None)
        if row is None:
            raise DataError(f"{place(0)}: dates cannot be read by {form} ({error}): correct the form") from None
        raise DataError(
            f"{place(row)}: '{texts[row]}' has another time zone than the rows before: write all dates in UTC"
        ) from None
    return times.tz_localize(None)


def _likely(
    readings: Sequence[tuple[str, pd.DatetimeIndex]], texts: Sequence[str], place: Place, freq: str | None
) -> tuple[str, pd.DatetimeIndex]:
    """The one reading by which the rows rise, by regular steps if both rise."""
    rising = [one for one in readings if (np.diff(one[1].asi8) > 0).all()]
    regular = [one for one in rising if freq == STEP or is_regular(one[1], freq or find_freq(one[1]))]
    for fitting in (rising, regular):
        if len(fitting) == 1:
            return fitting[0]
    if not rising:
        return readings[0]  # its order is refused
    shown = " or ".join(str(times[0].date()) for _, times in readings)
    forms = " or ".join(f"""'dataset.date_format="{form}"'""" for form, _ in readings)
    raise DataError(f"{place(0)}: '{texts[0]}' may be {shown}, and the other rows do not tell: set {forms}")


def _epoch(texts: Sequence[str]) -> tuple[pd.DatetimeIndex, str] | None:
    """Whole seconds, milliseconds, microseconds or nanoseconds since 1970; None for other texts."""
    import pandas as pd

    if not all(re.fullmatch(r"\d{9,19}(\.0*)?", text.strip(), re.ASCII) for text in texts):
        return None
    numbers = [int(text.partition(".")[0]) for text in texts]
    fitting = [unit for unit, per in _EPOCHS.items() if all(number // per in _EPOCH_SECONDS for number in numbers)]
    if not fitting:
        return None
    for form in _COMPACT:
        if all(len(text) == len(str(numbers[0])) for text in texts):
            series = as_series(texts)
            dates = pd.to_datetime(series, format=form, errors="coerce")
            # pandas takes 1926033300, a moment of 2031, for the third of March 1926.
            if dates.dt.strftime(form).equals(series) and dates.dt.year.min() >= 1900 and dates.dt.year.max() <= 2100:
                return pd.DatetimeIndex(dates), f"dates read by {form} ({texts[0]} is {dates[0]})"
    times = pd.DatetimeIndex(np.array(numbers).astype(f"datetime64[{fitting[0]}]"))
    return times, f"dates read as {fitting[0]} since 1970 in UTC ({texts[0]} is {times[0]})"


def _seconds_of_day(texts: Sequence[str], place: Place) -> list[int]:
    seconds = [_seconds(text) for text in texts]
    if None in seconds:
        row = seconds.index(None)
        raise DataError(f"{place(row)}: '{texts[row]}' is not a time of day: write an hour, HH:MM or HH:MM:SS")
    return [one for one in seconds if one is not None]


def _seconds(text: str) -> int | None:
    found = _TIME.fullmatch(text.strip())
    hour, minute, second = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    total = hour * 3600 + minute * 60 + second
    return total if minute < 60 and second < 60 and total <= 24 * 3600 else None


def _counter(texts: Sequence[str], place: Place) -> tuple[str, ...] | None:
    """Check that a counter rises by equal steps; 1.0 becomes "1". None for texts that are no numbers."""
    try:
        numbers = np.array([float(text) for text in texts])
    except ValueError:
        return None
    steps = np.diff(numbers)
    bad = np.flatnonzero(~np.isfinite(steps) | (steps <= 0) | (steps != steps[:1]))
    if len(bad):
        row = int(bad[0]) + 1
        raise DataError(
            f"{place(row)}: the counter goes from {texts[row - 1]} to {texts[row]}: number the rows one by one"
        )
    whole = bool((numbers == np.floor(numbers)).all())
    return tuple(str(int(number)) for number in numbers) if whole else tuple(texts)


def _not_a_date(text: str, place: str) -> DataError:
    return DataError(
        f"{place}: '{text}' is not a date like the others: correct it, give the form with "
        "dataset.date_format (for example '%d.%m.%Y %H:%M'), or set dataset.freq=step if it is a counter"
    )
