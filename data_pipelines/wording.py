"""Timestamps and frequencies in words, for prompts and traces."""

from __future__ import annotations

import re
from datetime import datetime

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {
    "h": "hour",
    "min": "minute",
    "s": "second",
    "D": "day",
    "B": "business day",
    "7D": "week",
    "M": "month",
    "Q": "quarter",
    "Y": "year",
}


def describe_start(label: str, freq: str, timestamps: str) -> str:
    """`` from Monday 2000-06-05 04:00, every 4 hours``, to be put behind "values".

    Args:
        label: the first timestamp.
        timestamps: ``start``; ``weekday`` and ``seasons`` leave out the date, and ``none`` everything.
    """
    start = describe_time(label)
    if timestamps in ("weekday", "seasons"):
        start = re.sub(r" \d+-\d+-\d+", "", start)
    return "" if timestamps == "none" else f" from {start}, {every(freq)}"


def describe_time(label: str) -> str:
    """Put the weekday before a timestamp and drop its seconds when they are zero; "step 17" for a counter."""
    weekday = weekday_of(label)
    if weekday is None:
        return f"step {label}"
    return f"{weekday} {label[:-3] if label.count(':') == 2 and label.endswith(':00') else label}"


def weekday_of(label: str) -> str | None:
    """The English weekday of a timestamp (whatever the locale), None for a counter."""
    if label.lstrip("-").isdigit():
        return None
    try:
        return WEEKDAYS[datetime.fromisoformat(label).weekday()]
    except ValueError:
        return None


def every(freq: str) -> str:
    """Say a frequency in words: "30min" is "every 30 minutes"."""
    step = unit(freq)
    return f"one per {freq}" if step == freq else f"every {step}"


def unit(freq: str) -> str:
    """A step in words: "30min" is "30 minutes", "QE-NOV" and "BQE" are "quarter"; others are given back."""
    if freq in _UNITS:
        return _UNITS[freq]
    count, name = re.fullmatch(r"(\d*)(.*)", freq.partition("-")[0]).groups()  # type: ignore[union-attr]
    edge = re.fullmatch(r"(?:B|WO)?([MQY])[SE]?", name)
    word = _UNITS.get(edge[1] if edge else name)
    return freq if word is None else f"{count} {word}s" if count else word
