"""Forecast errors: values by hand, aggregation over runs, windows and channels, and failures."""

import math

import pytest

from src.tasks.forecast.metrics import Forecast, mae, mse, summarise


def test_errors_by_hand() -> None:
    assert mse([1, 2, 3], [1, 4, 0]) == pytest.approx(13 / 3)
    assert mae([1, 2, 3], [1, 4, 0]) == pytest.approx(5 / 3)


@pytest.mark.parametrize("function", [mse, mae])
def test_lengths_must_agree(function) -> None:
    with pytest.raises(ValueError, match=r"one length, got \(2,\) and \(3,\)"):
        function([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="one length"):
        function([], [])


def test_the_mean_over_runs_is_taken_never_the_best() -> None:
    runs = [Forecast("a", 0, [0.0, 0.0], [v, v]) for v in (1.0, 3.0)]
    pooled = summarise(runs).pooled
    assert (pooled.mse, pooled.mae) == (5.0, 2.0)
    assert (pooled.windows, pooled.answered, pooled.answers) == (1, 1, 2)


def test_channels_are_scored_apart_and_pooled_over_windows() -> None:
    summary = summarise(
        [
            Forecast("a", 0, [0.0], [1.0]),
            Forecast("a", 1, [0.0], [2.0]),
            Forecast("b", 0, [0.0], [10.0]),
        ]
    )
    assert summary.channels["a"].mse == 2.5
    assert summary.channels["b"].mse == 100
    assert summary.pooled.mse == pytest.approx(105 / 3)
    assert summary.pooled.mae == pytest.approx(13 / 3)


def test_a_window_with_more_answers_weighs_no_more() -> None:
    summary = summarise(
        [
            Forecast("a", 0, [0.0], [1.0]),
            Forecast("a", 0, [0.0], [1.0]),
            Forecast("a", 0, [0.0], None),
            Forecast("a", 1, [0.0], [3.0]),
        ]
    )
    assert summary.pooled.mse == 5.0
    assert summary.pooled.fail_frac == 0.25


UNUSABLE = [None, [1.0], [1.0, 2.0, 3.0], [1.0, math.nan], [1.0, math.inf], [1e200, 1e200]]


@pytest.mark.parametrize("failed", UNUSABLE)
def test_an_unusable_answer_is_a_failure_not_an_error_value(failed) -> None:
    truth = [0.0, 0.0]
    pooled = summarise([Forecast("a", 0, truth, failed), Forecast("a", 1, truth, [2.0, 2.0])]).pooled
    assert pooled.mse == 4.0
    assert pooled.fail_frac == 0.5
    assert (pooled.windows, pooled.answered) == (2, 1)


def test_nothing_answered_has_no_error_but_a_failure_rate() -> None:
    pooled = summarise([Forecast("a", 0, [0.0], None)]).pooled
    assert math.isnan(pooled.mse)
    assert (pooled.fail_frac, pooled.answered) == (1.0, 0)


def test_no_forecasts_is_refused() -> None:
    with pytest.raises(ValueError, match="no forecasts to score"):
        summarise([])
