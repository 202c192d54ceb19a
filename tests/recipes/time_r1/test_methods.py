"""The methods that SFT teaches: stated, carried out to the last digit, drawn in equal shares; and which one pays."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from cycle import think, window

from recipes.time_r1.methods import stated_methods
from recipes.time_r1.task import TimeR1
from recipes.time_r1.traces import write
from src.config.group import compose_group
from src.errors import DataError
from src.tasks.forecast.answer import parse_forecast
from src.tasks.forecast.baselines import baseline_forecasts

LAGS = {"as 1 day ago": 1, "as 7 days ago": 7}


def _list(values: list[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values)


def _methods(history: list[float], horizon: int, period: int) -> dict[str, list[float]]:
    """Each method's forecast, written out with indices of the history."""
    return {
        "keep the last value": [history[-1]] * horizon,
        **{
            name: [history[len(history) - days * period + step] for step in range(horizon)]
            for name, days in LAGS.items()
        },
    }


def test_methods_carries_out_the_method_that_it_states() -> None:
    drawn = Counter()
    for number in range(60):
        history = [round(number + 0.3 * step, 1) for step in range(7 * 24)]
        one = window(length=7 * 24, horizon=12, decimals=1, history=tuple(history), channel=f"channel {number}")
        text, methods = write(one, style="methods", timestamps="seasons"), _methods(history, 12, 24)
        stated = think(text).split(": ")[1]
        assert think(text) == f"Method: {stated}: {_list(methods[stated])}."
        assert parse_forecast(text, 12).values.tolist() == methods[stated]
        drawn[stated] += 1
    assert len(drawn) == 3 and min(drawn.values()) >= 10  # 20 of each are expected


def test_methods_draws_the_same_for_the_same_window_and_never_sees_the_truth() -> None:
    one = window(length=7 * 24)
    other = replace(one, target=tuple(value + 100 for value in one.target))
    assert write(one, style="methods") == write(other, style="methods")


@pytest.mark.parametrize(("timestamps", "season"), [("seasons", "day"), ("none", "season")])
def test_methods_offers_what_the_history_shows_under_the_name_that_the_prompt_can_know(
    timestamps: str, season: str
) -> None:
    def offered(length: int) -> set[str]:
        samples = (replace(window(length, 6), channel=str(number)) for number in range(60))
        texts = [think(write(one, style="methods", timestamps=timestamps)) for one in samples]
        return {text.split("Method: ")[1].split(":")[0] for text in texts}

    day = {"keep the last value", f"as 1 {season} ago"}
    assert offered(24) == offered(7 * 24 - 1) == day
    assert offered(7 * 24) == {*day, f"as 7 {season}s ago"}
    with pytest.raises(DataError, match=r"needs a history of a season \(24 steps\), not 23"):
        write(window(23, 6), style="methods")


def test_the_demo_rows_are_short_enough_and_their_words_fixed() -> None:
    task = TimeR1(dict(compose_group("dataset", "demand", ["+dataset.traces.style=methods"])))
    samples = task.data.samples("train")[::20]
    texts = [task.answer(one) for one in samples]
    number = "(?<= )[0-9]{2}(?=[ .])"  # the lags have one digit
    assert {re.sub(number, "N", think(text)) for text in texts} == {
        f"Method: {method}: N N N N N N." for method in ("keep the last value", "as 1 day ago", "as 7 days ago")
    }
    for one in samples:
        prompt = task.prompt(one)
        lines = prompt.split("one line a day:\n")[1].split("\nReason")[0].splitlines()
        assert [line.split(":")[0] for line in lines] == [
            *(f"{days} days ago" for days in range(7, 1, -1)),
            "1 day ago",
        ]
        shown = [value for line in lines for value in line.split(": ")[1].split()]
        assert shown == [f"{value:.0f}" for value in one.history] and len(shown) == 42
        assert len({re.sub(r"\d+|[A-Z][a-z]+day", "", prompt)}) == 1


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_in_the_demo_it_pays_to_find_the_week(split: str) -> None:
    task = TimeR1(dict(compose_group("dataset", "demand", ["dataset.max_windows.val=null"])))
    errors: dict[str, list[float]] = {}
    for row in task.rows(split):
        history = row.info["history"]
        baselines = baseline_forecasts(history, 6, row.info["seasons"])
        for method, forecast in {**_methods(history, 6, 6), **baselines}.items():
            errors.setdefault(method, []).append(float(np.mean((np.array(forecast) - np.array(row.truth)) ** 2)))
    means = {method: float(np.mean(found)) for method, found in errors.items()}
    assert set(means) >= {"last_value", "window_mean", "last_day", "daily_profile", "last_week"}
    assert means["as 7 days ago"] == means["last_week"] == min(means.values())
    assert 5 * means["last_week"] < means["last_day"] == means["as 1 day ago"]


def test_the_methods_that_answers_state_are_counted() -> None:
    answers = [
        "<think>7 days ago: 28. Method: as 7 days ago: 28.</think>",
        "<think>Method: as 7 days ago: 3.</think><answer>1</answer>",
        "<think>Method: keep the last value: 0.5 0.5.\n</think>",
        "<think>Method: keep the last value.</think>",
        "Method: and then nothing",
    ]
    assert stated_methods(answers) == "stated methods: as 7 days ago 40%, keep the last value 40%, none 20%"


def test_an_unknown_style_is_named() -> None:
    with pytest.raises(DataError, match=r"dataset.traces.style is 'long': set it to full, short or methods"):
        write(window(), style="long")
