"""The built-in trace writer: true values in the answer, reasoning from the shown history only."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from cycle import think, window

from recipes.time_r1.traces import backtest, shifted_season, write
from src.tasks.forecast.answer import parse_forecast

STYLES = ["full", "short"]
FORMS = ["rows", "start", "none"]


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
    assert think(first) == think(second)
    assert first != second


def test_full_states_level_trend_season_method_and_forecast() -> None:
    text = think(write(window(), style="full"))
    assert [line[:2] for line in text.strip().splitlines()] == ["1.", "2.", "3.", "4.", "Co"]
    assert "between 15.00 and 25.00 with a mean of 20.00 and no clear trend; the last value is 18.71" in text
    assert "lowest at 18:00 (15.00) and highest at 06:00 (25.00); it explains 100% of the variance" in text
    assert "keep the last value 3.27" in text and "The best is to repeat the last day, so I do that." in text
    assert "starts near 20.00 and ends near 18.71, with its low of 15.00 at 2024-01-05 18:00:00" in text
    assert "high of 25.00 at 2024-01-05 06:00:00" in text


def test_full_names_a_trend() -> None:
    rising = tuple(float(step) for step in range(96))
    text = think(write(window(history=rising), style="full"))
    assert "a trend of +24.00 per day" in text
    assert "moved by the change since the one before 0.00. The best is to repeat the last day, moved" in text


def test_full_without_timestamps_names_no_time() -> None:
    text = think(write(window(), style="full", timestamps="none"))
    assert not re.search(r"2024|\d\d:\d\d|day", text)
    assert "at step 7 " in text


def test_full_on_a_window_shorter_than_two_cycles_and_on_a_constant() -> None:
    text = think(write(window(period=96), style="full"))
    assert "fewer than two whole cycles of 96 steps" in text
    flat = think(write(window(history=(3.0,) * 96), style="full"))
    assert "explains only 0% of the variance" in flat and "the forecast stays at 3.00." in flat
    assert "nan" not in flat


def test_short_gives_the_change_since_the_last_season() -> None:
    history = tuple(float(step % 24 + step // 24) for step in range(72))
    text = think(write(window(72, 6, history=history), style="short"))
    assert text == "Next Thursday. Last 25.00, a day ago 24.00, change +1.00. It went to 7.00, now to 8.00."


def test_short_on_exactly_one_season_uses_the_nearest_value() -> None:
    history = tuple(float(step) for step in range(24))
    text = think(write(window(24, 6, history=history), style="short", timestamps="start"))
    assert text.startswith("Next Tuesday. Last 23.00, about a day ago 0.00, change +23.00. It went to 5.00")


def test_short_on_less_than_a_season_keeps_the_level() -> None:
    text = think(write(window(12, 6, history=tuple(range(12))), style="short", timestamps="none"))
    assert text == "Last 11.00, mean 5.50, change +11.00. Method: keep the last value."


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
    text = think(write(window(length, 7), style=style))
    assert all(math.isfinite(float(number)) for number in re.findall(r"-?\d+\.\d+", text))
    assert "nan" not in text and "inf" not in text.replace("information", "")
