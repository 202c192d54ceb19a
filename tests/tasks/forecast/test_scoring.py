"""Scores against numbers worked out by hand."""

import math

import numpy as np
import pytest
from toys import Toy

from src.evaluation.requests import Completion
from src.tasks.forecast.rolling import Rolled
from src.tasks.forecast.scoring import bootstrap_interval, score

LABELS = ("t0", "t1", "t2", "t3")


def window(channel: str, history: tuple[float, ...], target: tuple[float, ...]) -> Toy:
    return Toy(channel, history, LABELS, target, ("t4", "t5"), period=2)


WINDOWS = [
    window("a", (1, 2, 3, 4), (5, 6)),  # baselines: last value 4,4; last day 3,4; mean 2.5; profile 2,3
    window("a", (0, 0, 0, 2), (2, 0)),  # 2,2; 0,2; 0.5; 0,1
    window("b", (10, 10, 10, 10), (10, 10)),
]


def run(window: int, number: int, prediction: list[float] | None, problem: str | None = None) -> Rolled:
    completion = Completion("text", 3, truncated=problem is not None)
    return Rolled(window, number, ["?"], [completion], problem is None, prediction, problem)


ROLLED = [
    run(0, 0, [5, 8]),  # squared errors 0, 4: MSE 2, MAE 1
    run(0, 1, [6, 7]),  # MSE 1, MAE 1
    run(1, 0, [2, 4]),  # MSE 8, MAE 2
    run(1, 1, None, "row 3 is not a number"),
    run(2, 0, None, "row 7 is not a number"),
    run(2, 1, None, "no rows"),
]


def test_the_models_errors_are_means_over_runs_then_over_answered_windows() -> None:
    model = score(WINDOWS, ROLLED)["model"]
    assert model["mse"] == pytest.approx((1.5 + 8) / 2)
    assert model["mae"] == pytest.approx((1 + 2) / 2)
    assert model["fail_frac"] == pytest.approx(3 / 6)
    assert (model["windows"], model["answered_windows"], model["answers"], model["failed"]) == (3, 2, 6, 3)
    assert (model["well_formed_frac"], model["truncated_frac"]) == (0.5, 0.5)
    assert model["mse_interval"] == [1.5, 8.0]


def test_baselines_are_scored_on_all_windows_and_on_the_answered_ones() -> None:
    baselines = score(WINDOWS, ROLLED)["baselines"]
    assert set(baselines) == {"last_value", "last_day", "window_mean", "daily_profile"}
    assert baselines["last_value"]["mse"] == pytest.approx(((1 + 4) / 2 + (0 + 4) / 2 + 0) / 3)
    assert baselines["last_value"]["mae"] == pytest.approx((1.5 + 1 + 0) / 3)
    assert baselines["last_value"]["answered"]["mse"] == pytest.approx((2.5 + 2) / 2)
    assert baselines["last_day"]["mse"] == pytest.approx(((4 + 4) / 2 + (4 + 4) / 2 + 0) / 3)
    assert baselines["daily_profile"]["answered"]["mae"] == pytest.approx(((3 + 3) / 2 + (2 + 1) / 2) / 2)


def test_channels_stand_apart_and_a_channel_without_answers_has_no_error() -> None:
    channels = score(WINDOWS, ROLLED)["channels"]
    assert channels["a"]["mse"] == pytest.approx(4.75)
    assert channels["a"]["fail_frac"] == pytest.approx(1 / 4)
    assert channels["a"]["baselines"]["last_value"]["mse"] == pytest.approx(2.25)
    assert (channels["b"]["mse"], channels["b"]["mae"], channels["b"]["fail_frac"]) == (None, None, 1.0)
    assert (channels["a"]["windows"], channels["b"]["windows"]) == (2, 1)


def test_problems_are_counted_whatever_the_row() -> None:
    assert score(WINDOWS, ROLLED)["problems"] == {"a row is not a number": 2, "no rows": 1}


def test_rare_problems_are_counted_together() -> None:
    rolled = [run(0, number, None, f"problem {number}") for number in range(25)]
    problems = score(WINDOWS[:1], rolled)["problems"]
    assert len(problems) == 21
    assert problems["other problems"] == 5


def test_windows_list_each_run_and_none_for_a_failed_one() -> None:
    first, second, third = score(WINDOWS, ROLLED)["windows"]
    assert first["runs"] == [{"mse": 2.0, "mae": 1.0}, {"mse": 1.0, "mae": 1.0}]
    assert (first["channel"], first["start"], first["target_start"]) == ("a", "t0", "t4")
    assert second["runs"] == [{"mse": 8.0, "mae": 2.0}, None]
    assert (third["mse"], third["runs"]) == (None, [None, None])


def test_an_error_that_overflows_is_a_failure_with_a_reason() -> None:
    result = score(WINDOWS[:1], [run(0, 0, [1e300, 0.0]), run(0, 1, [5, 6])])
    assert (result["model"]["mse"], result["model"]["fail_frac"]) == (0.0, 0.5)
    assert result["problems"] == {"the error of the forecast is not finite": 1}


def test_when_nothing_was_answered_there_is_no_error_but_baselines_stand() -> None:
    result = score(WINDOWS[:1], [run(0, 0, None, "no rows")])
    assert (result["model"]["mse"], result["model"]["mse_interval"], result["model"]["fail_frac"]) == (
        None,
        None,
        1.0,
    )
    assert result["baselines"]["last_value"]["mse"] == pytest.approx(2.5)
    assert result["baselines"]["last_value"]["answered"] is None


def test_the_interval_is_that_of_the_mean() -> None:
    values = np.random.default_rng(1).normal(10, 3, size=400)
    bounds = bootstrap_interval(list(values))
    assert bounds is not None
    half = 1.96 * values.std() / math.sqrt(400)
    assert bounds == pytest.approx([values.mean() - half, values.mean() + half], abs=0.05)
    assert bounds == bootstrap_interval(list(values)), "the same windows give the same interval"
    assert bootstrap_interval([3.0]) is None
    assert bootstrap_interval([3.0, 3.0]) == [3.0, 3.0]
