"""The built-in trace writer: true values in the answer, reasoning from the shown history only."""

import math
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data_pipelines.sample import ForecastSample
from recipes.time_r1.task import TimeR1
from recipes.time_r1.traces import backtest, shifted_season, stated_methods, write
from src.config.group import compose_group
from src.errors import DataError
from src.tasks.forecast.answer import parse_forecast

STYLES = ["full", "short"]
FORMS = ["rows", "start", "none"]
LAGS = {"a day ago": 1, "a week ago": 7}


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


def _think(text: str) -> str:
    found = re.fullmatch(r"<think>(.*)</think>\n<answer>.*</answer>", text, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("timestamps", FORMS)
def test_the_answer_reads_back_as_the_true_values(style: str, timestamps: str) -> None:
    one = window()
    found = parse_forecast(write(one, style=style, timestamps=timestamps), horizon=24)
    assert found.well_formed and found.problem is None
    assert found.values.tolist() == list(one.target)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("timestamps", FORMS)
def test_the_reasoning_does_not_depend_on_the_truth(style: str, timestamps: str) -> None:
    one = window()
    other = replace(one, target=tuple(value + 100 for value in one.target))
    first, second = (write(sample, style=style, timestamps=timestamps) for sample in (one, other))
    assert _think(first) == _think(second)
    assert first != second


def test_full_states_level_trend_season_method_and_forecast() -> None:
    text = _think(write(window(), style="full"))
    assert [line[:2] for line in text.strip().splitlines()] == ["1.", "2.", "3.", "4.", "Co"]
    assert "between 15.00 and 25.00 with a mean of 20.00 and no clear trend; the last value is 18.71" in text
    assert "lowest at 18:00 (15.00) and highest at 06:00 (25.00); it explains 100% of the variance" in text
    assert "keep the last value 3.27" in text and "The best is to repeat the last day, so I do that." in text
    assert "starts near 20.00 and ends near 18.71, with its low of 15.00 at 2024-01-05 18:00:00" in text
    assert "high of 25.00 at 2024-01-05 06:00:00" in text


def test_full_names_a_trend() -> None:
    rising = tuple(float(step) for step in range(96))
    text = _think(write(window(history=rising), style="full"))
    assert "a trend of +24.00 per day" in text
    assert "moved by the change since the one before 0.00. The best is to repeat the last day, moved" in text


def test_full_without_timestamps_names_no_time() -> None:
    text = _think(write(window(), style="full", timestamps="none"))
    assert not re.search(r"2024|\d\d:\d\d|day", text)
    assert "at step 7 " in text


def test_full_on_a_window_shorter_than_two_cycles_and_on_a_constant() -> None:
    text = _think(write(window(period=96), style="full"))
    assert "fewer than two whole cycles of 96 steps" in text
    flat = _think(write(window(history=(3.0,) * 96), style="full"))
    assert "explains only 0% of the variance" in flat and "the forecast stays at 3.00." in flat
    assert "nan" not in flat


def test_short_gives_the_change_since_the_last_season() -> None:
    history = tuple(float(step % 24 + step // 24) for step in range(72))
    text = _think(write(window(72, 6, history=history), style="short"))
    assert text == "Next Thursday. Last 25.00, a day ago 24.00, change +1.00. It went to 7.00, now to 8.00."


def test_short_on_exactly_one_season_uses_the_nearest_value() -> None:
    history = tuple(float(step) for step in range(24))
    text = _think(write(window(24, 6, history=history), style="short", timestamps="start"))
    assert text.startswith("Next Tuesday. Last 23.00, about a day ago 0.00, change +23.00. It went to 5.00")


def test_short_on_less_than_a_season_keeps_the_level() -> None:
    text = _think(write(window(12, 6, history=tuple(range(12))), style="short", timestamps="none"))
    assert text == "Last 11.00, mean 5.50, change +11.00. Method: keep the last value."


def _lags(history: list[float], horizon: int, period: int) -> dict[str, list[float]]:
    """Each method's forecast, written out with indices of the history."""
    return {
        "keep the last value": [history[-1]] * horizon,
        **{
            f"repeat the values of {name}": [history[len(history) - days * period + step] for step in range(horizon)]
            for name, days in LAGS.items()
        },
    }


def test_methods_carries_out_the_method_that_it_states() -> None:
    drawn = Counter()
    for number in range(60):
        one = window(length=7 * 24, horizon=12, history=tuple(float(number + step) for step in range(7 * 24)))
        one = replace(one, channel=f"channel {number}")
        text = write(one, style="methods", timestamps="start")
        history = list(one.history)
        days = {name: _lags(history, 12, 24)[f"repeat the values of {name}"] for name in LAGS}
        seen = "".join(f"What followed {name}: {' '.join(map(one.format, days[name]))}. " for name in days)
        assert _think(text).startswith(f"Last {one.format(history[-1])}. {seen}Method: ")
        method = _think(text).split("Method: ")[1].rstrip(".")
        assert parse_forecast(text, 12).values.tolist() == _lags(history, 12, 24)[method]
        drawn[method] += 1
    assert len(drawn) == 3 and min(drawn.values()) >= 8  # 20 of each are expected


def test_methods_draws_the_same_for_the_same_window_and_never_sees_the_truth() -> None:
    one = window(length=7 * 24)
    other = replace(one, target=tuple(value + 100 for value in one.target))
    assert write(one, style="methods") == write(other, style="methods")


def test_methods_offers_what_the_history_shows() -> None:
    texts = {_think(write(replace(window(24, 6), channel=str(n)), style="methods")) for n in range(40)}
    assert {text.split("Method: ")[1] for text in texts} == {
        "keep the last value.",
        "repeat the values of a day ago.",
    }
    with pytest.raises(DataError, match=r"needs a history of a season \(24 steps\), not 23"):
        write(window(23, 6), style="methods")


def test_the_demo_rows_are_short_enough_and_their_words_fixed() -> None:
    task = TimeR1(dict(compose_group("dataset", "demand", ["+dataset.traces.style=methods"])))
    samples = task.data.samples("train")[::20]
    texts = [task.answer(one) for one in samples]
    assert {re.sub(r"\d+", "0", _think(text).split("Method")[0]) for text in texts} == {
        f"Last 0. What followed a day ago:{' 0' * 6}. What followed a week ago:{' 0' * 6}. "
    }
    assert len({_think(text).split("Method")[1] for text in texts}) == 3
    for one in samples:
        prompt = task.prompt(one)
        numbers = prompt.split("every 4 hours:\n")[1].split("\nReason")[0]
        assert len(numbers.split()) == 42 and len(numbers) <= 42 * 3
        assert len({re.sub(r"\d|[A-Z][a-z]+day", "", prompt.replace(numbers, ""))}) == 1


def test_in_the_demo_it_pays_to_find_the_week() -> None:
    data = TimeR1(dict(compose_group("dataset", "demand"))).data
    errors: dict[str, list[float]] = {}
    for one in data.samples("test"):
        for method, forecast in _lags(list(one.history), 6, 6).items():
            errors.setdefault(method, []).append(float(np.mean((np.array(forecast) - np.array(one.target)) ** 2)))
    found = {method: float(np.mean(values)) for method, values in errors.items()}
    assert found["repeat the values of a week ago"] < 1
    assert found["repeat the values of a day ago"] > 8  # the last-day baseline
    assert found["keep the last value"] > 15


def test_the_backtest_chooses_by_the_held_back_end_of_the_history() -> None:
    found = backtest(np.asarray(window().history), 24, 24)
    assert (found.method, found.held_back) == ("last_day", 24)
    assert found.errors["last_day"] == 0
    walk = np.repeat([1.0, 2.0, 5.0, 5.0], 24)
    assert backtest(walk, 24, 24).errors["last_value"] == 0
    assert backtest(np.arange(2.0), 96, 24).held_back == 1


def test_the_shifted_season_adds_the_change() -> None:
    history = np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    assert shifted_season(history, 5, 2).tolist() == [7.0, 9.0, 7.0, 9.0, 7.0]
    assert shifted_season(history, 2, 9).tolist() == [6.0, 6.0]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("length", [2, 3, 23, 24, 25, 49])
def test_any_window_gets_finite_numbers(style: str, length: int) -> None:
    text = _think(write(window(length, 7), style=style))
    assert all(math.isfinite(float(number)) for number in re.findall(r"-?\d+\.\d+", text))
    assert "nan" not in text and "inf" not in text.replace("information", "")


def test_the_methods_that_answers_state_are_counted_without_their_numbers() -> None:
    answers = [
        "<think>Last 28. Method: repeat the values of a week ago.</think>",
        "<think>Method: repeat the values of a week ago.</think><answer>1</answer>",
        "<think>Method: add 0.5 to a day ago.\n</think>",
        "<think>Method: add -12 to a day ago. So 3.</think>",
        "Method: and then nothing",
    ]
    assert stated_methods(answers) == (
        "stated methods: repeat the values of a week ago 40%, add N to a day ago 40%, none 20%"
    )


def test_an_unknown_style_is_named() -> None:
    with pytest.raises(DataError, match=r"dataset.traces.style is 'long': set it to full, short or methods"):
        write(window(), style="long")
