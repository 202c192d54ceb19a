"""A window of a daily cycle, and the reasoning of a trace of it, for the tests of Time-R1's traces."""

import re
from typing import Any

import numpy as np

from data_pipelines.sample import ForecastSample


def window(length: int = 96, horizon: int = 24, period: int = 24, **changes: Any) -> ForecastSample:
    """A daily cycle from midnight on Monday 2024-01-01, low at 18:00 and high at 06:00, hourly."""
    steps = np.arange(length + horizon)
    values = np.round(20 + 5 * np.sin(2 * np.pi * steps / 24), 2)
    labels = [f"2024-01-{1 + step // 24:02d} {step % 24:02d}:00:00" for step in steps]
    fields: dict[str, Any] = {
        "dataset": "x",
        "title": "X",
        "description": "a cycle",
        "channel": "PM2.5",
        "meaning": "a level",
        "history": tuple(values[:length].tolist()),
        "history_labels": tuple(labels[:length]),
        "target": tuple(values[length:].tolist()),
        "target_labels": tuple(labels[length:]),
        "freq": "h",
        "period": period,
        "decimals": 2,
    }
    return ForecastSample(**{**fields, **changes})


def think(text: str) -> str:
    found = re.fullmatch(r"<think>(.*)</think>\n<answer>.*</answer>", text, re.DOTALL)
    assert found
    return found[1]
