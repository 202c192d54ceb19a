"""The prompt: five sections, the paper's ablations, and fixed words around varying numbers."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipelines.lines import by_season
from data_pipelines.sample import ForecastSample
from data_pipelines.wording import describe_time, every, weekday_of
from recipes.time_r1.prompt import render


def sample(**changes: Any) -> ForecastSample:
    """Four hours of history and two of truth."""
    values: dict[str, Any] = {
        "dataset": "etth1",
        "title": "ETTh1",
        "description": "load of a transformer, one value every hour",
        "channel": "HUFL",
        "meaning": "high useful load",
        "history": (5.827, 5.693, -0.157, 10.0),
        "history_labels": tuple(f"2016-07-01 0{hour}:00:00" for hour in range(4)),
        "target": (5.358, 5.6264),
        "target_labels": ("2016-07-01 04:00:00", "2016-07-01 05:00:00"),
        "freq": "h",
        "period": 24,
        "decimals": 3,
    }
    return ForecastSample(**{**values, **changes})


def test_rows_show_the_papers_five_sections_in_order() -> None:
    text = render(sample(), horizon=2)
    parts = [
        "Task: forecast the next 2 values",
        "Dataset: ETTh1, load of a transformer, one value every hour.",
        "Channel: high useful load.",
        "History, the last 4 values:\n```\ntimestamp value\n2016-07-01 00:00:00 5.827\n"
        "2016-07-01 01:00:00 5.693\n2016-07-01 02:00:00 -0.157\n2016-07-01 03:00:00 10.000\n```",
        "Format: first reason inside <think> and </think>; then give all 2 values",
        "<answer>\n```\ntimestamp value\n2016-07-01 04:00:00 value\n...\n2016-07-01 05:00:00 value\n```\n</answer>",
    ]
    positions = [text.index(part) for part in parts]
    assert positions == sorted(positions)


def test_start_gives_one_line_with_weekday_and_step() -> None:
    text = render(sample(), horizon=2, timestamps="start")
    assert "History, the last 4 values from Friday 2016-07-01 00:00, every hour:\n5.827 5.693 -0.157 10.000\n" in text
    assert text.count("2016") == 1


def test_weekday_gives_weekday_and_time_but_no_date() -> None:
    text = render(sample(), horizon=2, timestamps="weekday")
    assert "History, the last 4 values from Friday 00:00, every hour:\n5.827 5.693 -0.157 10.000\n" in text
    assert "2016" not in text


def test_seasons_give_a_line_each_and_the_values_of_one_moment_the_same_place_in_it() -> None:
    text = render(sample(history=tuple(range(10)), period=4, freq="6h"), horizon=2, timestamps="seasons")
    assert (
        "History, the last 10 values from Friday 00:00, every 6 hours, one line a day:\n3 days ago: 0.000 1.000\n"
        "2 days ago: 2.000 3.000 4.000 5.000\n1 day ago: 6.000 7.000 8.000 9.000\nReason" in text
    )
    assert "2016" not in text


@pytest.mark.parametrize(
    ("freq", "period", "first", "last"),
    [("D", 7, "2 weeks", "1 week"), ("MS", 12, "2 years", "1 year"), ("step", 5, "2 seasons", "1 season")],
)
def test_a_line_is_named_by_what_the_season_is(freq: str, period: int, first: str, last: str) -> None:
    one = sample(history=(1.0,) * 2 * period, period=period, freq=freq)
    assert [line.split(" ago: ")[0] for line in by_season(one)] == [first, last]


@given(length=st.integers(1, 60), period=st.integers(1, 12))
def test_by_season_loses_no_value(length: int, period: int) -> None:
    one = sample(history=tuple(float(step) for step in range(length)), period=period)
    lines = by_season(one)
    assert [float(value) for line in lines for value in line.split(": ")[1].split()] == list(one.history)
    assert all(len(line.split(": ")[1].split()) == period for line in lines[1:])


def test_without_timestamps_no_date_or_step_is_left() -> None:
    text = render(sample(description=""), horizon=2, timestamps="none")
    assert "History, the last 4 values:\n5.827 5.693 -0.157 10.000\n" in text
    assert not re.search(r"2016|:\d\d|hour|day", text)


@pytest.mark.parametrize("timestamps", ["rows", "start", "weekday", "seasons", "none"])
def test_without_context_dataset_and_channel_are_not_named(timestamps: str) -> None:
    text = render(sample(), horizon=2, timestamps=timestamps, context=False)
    assert not re.search("ETTh1|HUFL|load|transformer|Dataset|Channel", text)
    assert "5.693" in text


@pytest.mark.parametrize("timestamps", ["rows", "start", "weekday", "none"])
def test_only_numbers_vary_between_windows(timestamps: str) -> None:
    other = sample(
        history=(1.0, 2.0, 3.0, 4.0),
        history_labels=tuple(f"2016-07-08 1{hour}:00:00" for hour in range(4)),
        target_labels=("2016-07-08 14:00:00", "2016-07-08 15:00:00"),
    )
    texts = [re.sub(r"-?\d", "", render(one, horizon=2, timestamps=timestamps)) for one in (sample(), other)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("timestamps", ["rows", "start", "weekday", "none"])
def test_the_truth_is_not_shown(timestamps: str) -> None:
    shown = render(sample(target=(777.111, 888.222)), horizon=2, timestamps=timestamps)
    assert "777" not in shown and "888" not in shown


def test_weekdays_and_counters() -> None:
    assert describe_time("2000-06-05 00:00:00") == "Monday 2000-06-05 00:00"
    assert describe_time("2000-06-05 00:00:30") == "Monday 2000-06-05 00:00:30"
    assert describe_time("1990-01-01") == "Monday 1990-01-01"
    assert describe_time("961") == "step 961"
    assert weekday_of("2000-06-11 23:30:00") == "Sunday"
    assert weekday_of("961") is None


@pytest.mark.parametrize(
    ("freq", "words"),
    [("h", "every hour"), ("30min", "every 30 minutes"), ("2h", "every 2 hours"), ("D", "every day"),
     ("step", "one per step"), ("MS", "every month"), ("SM-15", "one per SM-15")],
)  # fmt: skip
def test_steps_in_words(freq: str, words: str) -> None:
    assert every(freq) == words
