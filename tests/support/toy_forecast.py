"""The smallest forecasting task: a series in which row r has the value r and the label ``t<r>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from src.tasks.forecast.task import ForecastTask
from src.tasks.row import Message, Row


def forecast_row(
    truth: Sequence[float],
    history: Sequence[float],
    *,
    source: str = "toy",
    index: int = 0,
    channel: str = "a",
    period: int = 2,
    **info: Any,
) -> Row:
    """A window; its prompt lists channel, first label and history."""
    known = {
        "channel": channel,
        "history": list(history),
        "period": period,
        "seasons": {"day": period},
        "start": "t0",
        **info,
    }
    return Row(source, "", "test", index, prompt(known), list(truth), known)


def prompt(info: Mapping[str, Any]) -> list[Message]:
    """``a t10 10 11 12``."""
    words = [info["channel"], info["start"], *(f"{value:g}" for value in info["history"])]
    return [{"role": "user", "content": " ".join(words)}]


def counting_row(first: int, context: int = 4, horizon: int = 7, **given: Any) -> Row:
    """The series of whole numbers from ``first`` on."""
    history = list(range(first, first + context))
    truth = range(first + context, first + context + horizon)
    return forecast_row(truth, history, start=f"t{first}", **given)


class Counting(ForecastTask):
    """Windows of any rows; nothing is built."""

    @property
    def fingerprint(self) -> str:
        return "counting"

    def rows(self, split: str) -> list[Row]:
        return [counting_row(10), counting_row(20)]

    def follow(self, row: Row, values: Sequence[float]) -> Sequence[Message]:
        known = [*row.info["history"], *values][len(values) :]
        return prompt({**row.info, "history": known, "start": f"t{int(row.info['start'][1:]) + len(values)}"})
