"""The steps of a series: name them, find them, check that rows follow them, write and continue labels.

A frequency is a pandas offset string ("h", "30min", "D", "MS", "QE-NOV"), or ``step`` for rows that are consecutive
(a counter, trading days). One step has one name, whatever the spelling: "24h" is "D", "W" is "7D". "MS", "QS" and "YS"
go from a row to the same day of a later month, so that a series of the 15th of each month follows "MS".
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_pipelines.texts import Texts
from data_pipelines.wording import unit
from src.errors import DataError

if TYPE_CHECKING:  # it takes a third of a second, and a task that is only named needs it not
    import pandas as pd

STEP = "step"
_DAY = timedelta(days=1)
_AT_ONCE = 100_000
_MONTH_DAYS = 30.436875
# Spellings of pandas before version 3, which papers and other libraries use.
_OLD_UNITS = {
    **{"H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "d": "D", "w": "W", "b": "B"},
    **{"M": "ME", "Q": "QE", "A": "YE", "Y": "YE", "BM": "BME", "BQ": "BQE", "BA": "BYE", "BY": "BYE"},
    **{"AS": "YS", "BAS": "BYS"},
}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# Months in one step of pandas' units of months; WOM is a weekday of the month, such as its third Friday.
_MONTHS_PER_STEP = {"M": 1, "WOM": 1, "Q": 3, "Y": 12}
_DAYS_PER_YEAR_OF_WEEKS = 364


def read_freq(freq: str) -> str:
    """The one name of a step, however it is spelt: "24h", "1D" and "d" are "D", "60min" and "H" are "h".

    Raises:
        DataError: pandas knows no such frequency.
    """
    if freq == STEP:
        return STEP
    offset = _offset(freq)
    if (days := _days(offset)) is not None:
        return "D" if days == 1 else f"{days}D"
    if (length := _length(offset)) is not None:
        from pandas.tseries.frequencies import to_offset

        return str(to_offset(length).freqstr)
    return re.sub(r"(?<=S)-JAN$|(?<=E)-DEC$", "", str(offset.freqstr))


def _offset(freq: str) -> Any:
    from pandas.tseries.frequencies import to_offset

    spelt = re.fullmatch(r"(\d*)([A-Za-z]+)(-\w+)?", freq)
    if spelt and spelt[2] in _OLD_UNITS:
        freq = f"{spelt[1]}{_OLD_UNITS[spelt[2]]}{spelt[3] or ''}"
    try:
        offset = to_offset(freq)
    except ValueError:
        offset = None
    if offset is None or offset.n < 1:
        raise DataError(f"dataset.freq is '{freq}': use a pandas frequency such as h, 30min or D, or step")
    return offset


def _days(offset: Any) -> int | None:
    """The length of a step in whole days, None when it is another."""
    import pandas as pd

    if isinstance(offset, pd.offsets.Week):
        return 7 * int(offset.n)  # its weekday is that of the first row
    if isinstance(offset, pd.offsets.Day):
        return int(offset.n)
    length = _length(offset)
    return length // _DAY if length is not None and length % _DAY == timedelta(0) else None


def _length(offset: Any) -> pd.Timedelta | None:
    """The length of a step below a day or of several hours, None when it varies or counts days."""
    import pandas as pd

    return pd.Timedelta(offset.nanos, unit="ns") if isinstance(offset, pd.offsets.Tick) else None


def dates_from(start: pd.Timestamp, freq: str, count: int) -> pd.DatetimeIndex:
    """``count`` timestamps of ``freq`` from ``start`` on; the first is another where ``start`` is none of its dates."""
    import pandas as pd

    offset, shift = _from_row(_offset(freq), start)
    return pd.date_range(start - shift, periods=count, freq=offset) + shift


def _from_row(offset: Any, start: pd.Timestamp) -> tuple[Any, pd.Timedelta]:
    """The offset of the first of months whose rows are ``shift`` later; other offsets are returned as they are."""
    import pandas as pd

    shift = pd.Timedelta(days=start.day - 1)
    if start.day > 28 or offset.is_on_offset(start):  # no month may lack the day
        return offset, pd.Timedelta(0)
    if isinstance(offset, pd.offsets.MonthBegin):
        return offset, shift
    if isinstance(offset, pd.offsets.QuarterBegin):
        return pd.offsets.QuarterBegin(offset.n, startingMonth=start.month), shift
    if isinstance(offset, pd.offsets.YearBegin):
        return pd.offsets.YearBegin(offset.n, month=start.month), shift
    return offset, pd.Timedelta(0)


def find_freq(times: pd.DatetimeIndex) -> str:
    """The frequency that all rows follow, or the one that most rows follow.

    pandas' ``infer_freq`` gives up where a single row is missing, and reads few business days as days.

    Args:
        times: two or more, rising.
    """
    import pandas as pd
    from pandas.tseries.frequencies import to_offset

    steps, counts = np.unique(np.diff(times), return_counts=True)
    common = pd.Timedelta(steps[counts.argmax()])
    middle = float(np.median(np.diff(times.as_unit("s").asi8))) / _DAY.total_seconds()
    names = _calendars(times[0], middle) if len(steps) > 1 or middle > 27 else []
    for name in names:
        if is_regular(times, name):
            return name
    followed = {name: int(_follows(times, name).sum()) for name in names if len(steps) > 1}
    best = max(followed, key=lambda name: followed[name], default=None)
    return best if best and followed[best] > counts.max() else read_freq(str(to_offset(common).freqstr))


def _calendars(first: pd.Timestamp, days: float) -> list[str]:
    """The frequencies of varying length whose steps are about so many days and which have ``first``'s month."""
    months = round(days / _MONTH_DAYS)
    if days < 7:
        return ["B"]
    if not months:
        return []
    month = first.month - 1
    if months % 12 == 0:
        count, unit_of, begin, end = months // 12, "Y", _MONTHS[month], _MONTHS[month]
    elif months == 3:
        count, unit_of, begin, end = 1, "Q", _MONTHS[month % 3], _MONTHS[month % 3 + 9]
    else:
        weekday = f"WOM-{(first.day + 6) // 7}{first.day_name()[:3].upper()}"  # such as the third Friday
        every_month = [weekday] if months == 1 and first.day < 29 else []
        return [*(read_freq(f"{months}{kind}") for kind in ("MS", "ME", "BMS", "BME")), *every_month]
    anchored = (("S", begin), ("E", end))
    return [read_freq(f"{count}{kind}{unit_of}{edge}-{name}") for kind in ("", "B") for edge, name in anchored]


def is_regular(times: pd.DatetimeIndex, freq: str) -> bool:
    """Whether every row stands where ``freq`` has it."""
    return not len(_misplaced(times, freq))


def _misplaced(times: pd.DatetimeIndex, freq: str) -> NDArray[np.intp]:
    regular = dates_from(times[0], freq, len(times))
    return np.flatnonzero(times.as_unit(regular.unit).asi8 != regular.asi8)


def _follows(times: pd.DatetimeIndex, freq: str) -> NDArray[np.bool_]:
    """Whether each row but the last has its successor one step later, (N - 1,)."""
    offset, shift = _from_row(_offset(freq), times[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some offsets are added one by one: such series are short
        following = times[:-1] - shift + offset + shift
    return np.asarray(following == times[1:])


def check_regular(times: pd.DatetimeIndex, freq: str | None, place: Callable[[int], str]) -> str:
    """The frequency of all rows.

    Args:
        times: rising.
        freq: the one that the user says; None finds it.
        place: names the file and line of a row.

    Raises:
        DataError: rows are missing or too many; it names the first after the gap.
    """
    import pandas as pd

    name = find_freq(times) if freq is None else read_freq(freq)
    bad = _misplaced(times, name)
    if not len(bad):
        return name
    if freq is not None and is_regular(times, found := find_freq(times)):
        raise DataError(f"{place(0)}: the rows do not follow dataset.freq={freq} but {found}: set dataset.freq={found}")
    row = int(bad[0])
    due = dates_from(times[0], name, row + 1)[row]
    shown, expected = format_times(pd.DatetimeIndex([times[row], due]), name)
    raise DataError(
        f"{place(row)}: {shown} stands where {expected} is due (one row per {unit(name)}): add the missing rows or "
        "remove the extra ones, or set dataset.freq=step to treat the rows as consecutive"
    )


def is_subdaily(freq: str) -> bool:
    """Tell whether several steps make a day ("h", "30min", "15min")."""
    return freq != STEP and 0 < _seconds(freq) < _DAY.total_seconds()


def _seconds(freq: str) -> float:
    """Return the length of a step, 0 when it varies (months) or is counted in days."""
    length = _length(_offset(freq))
    return length.total_seconds() if length is not None else 0.0


def format_times(times: pd.DatetimeIndex, freq: str) -> Texts:
    """Write timestamps as "2016-07-01 00:00:00", or "2016-07-01" when the step is a day or longer."""
    midnight = bool((times == times.normalize()).all())
    form = "%Y-%m-%d" if midnight and not is_subdaily(freq) else "%Y-%m-%d %H:%M:%S"
    return Texts.of(times[first : first + _AT_ONCE].strftime(form).tolist() for first in range(0, len(times), _AT_ONCE))


def times(freq: str, count: int) -> str:
    """Name the step that is ``count`` steps of ``freq`` long: 8 times "30min" is "4h".

    Raises:
        DataError: steps vary in length (months) or have none (``step``).
    """
    if count == 1:
        return freq
    offset = None if freq == STEP else _offset(freq)
    if offset is None or (_days(offset) is None and _length(offset) is None):
        raise DataError(f"dataset.rows_per_step={count} needs rows of one length, not '{freq}': set it to 1")
    if (days := _days(offset)) is not None:
        return read_freq(f"{days * count}D")
    return read_freq((offset * count).freqstr)


def default_period(freq: str) -> int:
    """Steps per season: a day for sub-daily data (24 hourly), a week for daily data, else a year; 1 if none fits."""
    freq = read_freq(freq)
    if freq == STEP:
        return 1
    if is_subdaily(freq):
        return max(1, round(_DAY.total_seconds() / _seconds(freq)))
    offset = _offset(freq)
    if (days := _days(offset)) is not None:
        weeks = days % 7 == 0 and _DAYS_PER_YEAR_OF_WEEKS % days == 0
        return 7 if days == 1 else _DAYS_PER_YEAR_OF_WEEKS // days if weeks else 1
    if freq == "B":
        return 5
    kind = re.sub(r"^B|[SE]$", "", offset.rule_code.partition("-")[0])
    months = _MONTHS_PER_STEP.get(kind, 12) * offset.n
    return 12 // months if 12 % months == 0 else 1


def continue_labels(start: str, freq: str, count: int) -> list[str]:
    """``count`` labels from ``start`` on.

    Raises:
        DataError: the labels of ``step`` data are not numbers.
    """
    if freq != STEP:
        import pandas as pd

        return list(format_times(dates_from(pd.Timestamp(start), freq, count), freq))
    if not start.lstrip("-").isdigit():
        raise DataError(f"'{start}' cannot be continued without a frequency: set dataset.prompt.timestamps=none")
    return [str(int(start) + step) for step in range(count)]
