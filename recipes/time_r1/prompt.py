"""Time-R1's question as text: task, dataset description, channel, timestamps with history, answer format.

The five sections are those of the paper's section 3.2 and Table 1; the wording is our own. Its template
ablations (Table 3) are ``timestamps="none"`` and ``context=False``. For one dataset only numbers, timestamps and
the channel vary, everything else is the same word for word.
"""

from __future__ import annotations

from data_pipelines.lines import by_season, season_of
from data_pipelines.sample import ForecastSample
from data_pipelines.wording import describe_start

HEADER = "timestamp value"
BARE_HEADER = "value"  # above rows without timestamps, where one is asked for


def render(
    sample: ForecastSample, *, horizon: int, timestamps: str = "rows", context: bool = True, header: bool = False
) -> str:
    """Write the user message that asks for the next ``horizon`` values after ``sample.history``.

    Args:
        timestamps: ``rows`` shows a table "timestamp value" as the paper does, ``start`` one line with the first
            timestamp, its weekday and the step, ``weekday`` the same without the date, ``seasons`` this and one line
            a season, ``none`` bare values.
        context: whether to describe dataset and channel.
        header: ask for a first line above bare values, too; a table always has one.
    """
    lines = [f"Task: forecast the next {horizon} values of a time series."]
    if context:
        lines += [f"Dataset: {_dataset(sample)}.", f"Channel: {sample.meaning}."]
    lines += _history(sample, timestamps)
    lines += _answer_format(sample, horizon, timestamps, header)
    return "\n".join(lines)


def _dataset(sample: ForecastSample) -> str:
    return f"{sample.title}, {sample.description}" if sample.description else sample.title


def _history(sample: ForecastSample, timestamps: str) -> list[str]:
    values = [sample.format(value) for value in sample.history]
    count = len(values)
    if timestamps == "rows":
        rows = [f"{label} {value}" for label, value in zip(sample.history_labels, values, strict=True)]
        return [f"History, the last {count} values:", "```", HEADER, *rows, "```"]
    since = describe_start(sample.history_labels[0], sample.freq, timestamps)
    if timestamps == "seasons":
        return [f"History, the last {count} values{since}, one line a {season_of(sample)}:", *by_season(sample)]
    return [f"History, the last {count} values{since}:", " ".join(values)]


def _answer_format(sample: ForecastSample, horizon: int, timestamps: str, header: bool) -> list[str]:
    if timestamps != "rows":
        below = f" below the line {BARE_HEADER!r}" if header else ""
        return [
            f"Reason inside <think></think>, then list {horizon} values, one per line{below}, inside <answer></answer>."
        ]
    return [
        f"Format: first reason inside <think> and </think>; then give all {horizon} values inside <answer> "
        f"and "
        "</answer>, in one block, one row with timestamp and value for each step, none left out:",
        "<think>",
        "your reasoning",
        "</think>",
        "<answer>",
        "```",
        HEADER,
        f"{sample.target_labels[0]} value",
        "...",
        f"{sample.target_labels[horizon - 1]} value",
        "```",
        "</answer>",
    ]
