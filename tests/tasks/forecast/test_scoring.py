"""Scores against numbers worked out by hand."""

from collections.abc import Sequence
from typing import Any

import pytest
from toy_forecast import forecast_row

from src.tasks.forecast import baselines
from src.tasks.forecast.scoring import errors, independent, score
from src.tasks.row import Row
from src.tasks.scores import Scores
from src.tasks.task import Answer

LABELS = {"start": "t0", "target_start": "t4"}
WINDOWS = [
    forecast_row([5, 6], [1, 2, 3, 4], index=0, **LABELS),  # last value 4,4; last day 3,4; mean 2.5; profile 2,3
    forecast_row([2, 0], [0, 0, 0, 2], index=1, **LABELS),  # 2,2; 0,2; 0.5; 0,1
    forecast_row([10, 10], [10, 10, 10, 10], index=2, channel="b", **LABELS),
]
# (window, answer): squared errors 0, 4: MSE 2, MAE 1; then MSE 1, MAE 1; then MSE 8, MAE 2.
ANSWERS = [
    (0, [5, 8]), (0, [6, 7]), (1, [2, 4]), (1, "row 3 is not a number"), (2, "row 7 is not a number"), (2, "no rows"),
]  # fmt: skip


def taken(value: Any) -> Answer:
    return Answer(None, value, well_formed=False) if isinstance(value, str) else Answer(value)


def scored(answers: Sequence[tuple[int, Any]] = tuple(ANSWERS), rows: Sequence[Row] = tuple(WINDOWS)) -> Scores:
    return score([rows[window] for window, _ in answers], [taken(value) for _, value in answers])


def test_the_models_errors_are_means_over_runs_then_over_answered_windows() -> None:
    group = scored().groups["toy"]
    assert group.lead == "mse"
    assert group.metrics["mse"].value == pytest.approx((1.5 + 8) / 2)
    assert group.metrics["mse"].interval == (1.5, 8.0)
    assert group.metrics["mae"].value == pytest.approx((1 + 2) / 2)
    assert group.metrics["well_formed"].value == 0.5
    assert (group.questions, group.answers, group.failed) == (3, 6, 3)


def test_a_single_answer_has_its_own_errors() -> None:
    assert errors(WINDOWS[0], Answer([5, 8])) == {"mse": 2, "mae": 1}
    assert errors(WINDOWS[0], taken("no rows")) is None


def test_baselines_are_scored_on_all_windows_and_on_the_answered_ones() -> None:
    group = scored().groups["toy"]
    found = {name: {metric: one.value for metric, one in some.items()} for name, some in group.baselines.items()}
    assert set(found) == {"last_value", "last_day", "window_mean", "daily_profile"}
    assert found["last_value"]["mse"] == pytest.approx(((1 + 4) / 2 + (0 + 4) / 2 + 0) / 3)
    assert found["last_value"]["mae"] == pytest.approx((1.5 + 1 + 0) / 3)
    assert found["last_value"]["mse_answered"] == pytest.approx((2.5 + 2) / 2)
    assert found["last_day"]["mse"] == pytest.approx(((4 + 4) / 2 + (4 + 4) / 2 + 0) / 3)
    assert group.metrics["mse_answered"] == group.metrics["mse"]
    whole = scored(ANSWERS[:3]).groups["toy"]
    assert "mse_answered" not in whole.metrics and "mse_answered" not in whole.baselines["last_day"]


def test_the_names_of_a_validated_step() -> None:
    found = dict(scored().held_out())
    assert found["val/toy/mse"] == pytest.approx(4.75)
    assert found["val/toy/fail_frac"] == 0.5
    assert {name for name in found if "/baseline/last_day/" in name} == {
        "val/toy/baseline/last_day/mse", "val/toy/baseline/last_day/mae", "val/toy/baseline/last_day/mse_answered",
    }  # fmt: skip


def test_channels_stand_apart_and_a_channel_without_answers_has_no_error() -> None:
    channels = scored().details["channels"]
    assert channels["a"]["mse"] == pytest.approx(4.75)
    assert channels["a"]["fail_frac"] == pytest.approx(1 / 4)
    assert channels["a"]["baselines"]["last_value"]["mse"] == pytest.approx(2.25)
    assert (channels["b"]["mse"], channels["b"]["mae"], channels["b"]["fail_frac"]) == (None, None, 1.0)
    assert (channels["a"]["windows"], channels["b"]["windows"]) == (2, 1)


def test_channels_of_one_index_are_windows_of_their_own() -> None:
    rows = [forecast_row([3, 4], [1, 2, 3, 5], channel=channel) for channel in "ab"]
    group = scored([(0, [3, 6]), (1, "no rows")], rows).groups["toy"]
    assert (group.metrics["mse"].value, group.questions, group.failed) == (2.0, 2, 1)


def test_datasets_are_scored_apart() -> None:
    rows = [forecast_row([3, 4], [1, 2, 3, 5]), forecast_row([5], [4, 4], source="wind")]
    found = scored([(0, [3, 6]), (1, [7])], rows)
    assert found.groups["toy"].metrics["mse"].value == 2.0
    assert found.groups["wind"].metrics["mse"].value == 4.0
    assert found.groups["wind"].baselines["last_value"]["mse"].value == 1.0
    assert set(found.details["datasets"]) == {"toy", "wind"}


def test_problems_are_counted_whatever_the_row() -> None:
    assert scored().details["problems"] == {"a row is not a number": 2, "no rows": 1}


def test_rare_problems_are_counted_together() -> None:
    problems = scored([(0, f"problem {number}") for number in range(25)]).details["problems"]
    assert len(problems) == 21
    assert problems["other problems"] == 5


def test_windows_list_each_run_and_none_for_a_failed_one() -> None:
    first, second, third = scored().details["windows"]
    assert first["runs"] == [{"mse": 2.0, "mae": 1.0}, {"mse": 1.0, "mae": 1.0}]
    assert (first["channel"], first["start"], first["target_start"]) == ("a", "t0", "t4")
    assert second["runs"] == [{"mse": 8.0, "mae": 2.0}, None]
    assert (third["mse"], third["runs"]) == (None, [None, None])


def test_an_error_that_overflows_is_a_failure_with_a_reason() -> None:
    found = scored([(0, [1e300, 0.0]), (0, [5, 6])])
    group = found.groups["toy"]
    assert (group.metrics["mse"].value, group.failed) == (0.0, 1)
    assert found.details["problems"] == {"the error of the forecast is not finite": 1}


def test_when_nothing_was_answered_there_is_no_error_but_baselines_stand() -> None:
    group = scored([(0, "no rows")]).groups["toy"]
    assert (group.metrics["mse"].value, group.metrics["mse"].interval, group.failed) == (None, None, 1)
    assert group.baselines["last_value"]["mse"].value == pytest.approx(2.5)
    assert "mse_answered" not in group.baselines["last_value"]
    assert "val/toy/mse" not in dict(scored([(0, "no rows")]).held_out())


def test_one_answer_per_row_and_at_least_one() -> None:
    with pytest.raises(ValueError, match="no forecasts"):
        score([], [])
    with pytest.raises(ValueError, match=r"zip\(\)"):
        score(WINDOWS[:1], [Answer([1, 2]), Answer([1, 2])])


def test_windows_that_share_a_step_are_one_item() -> None:
    def at(place: float, channel: str = "a") -> Row:
        return forecast_row([1, 2, 3], [1, 2], channel=channel, index=int(10 * place), place=place)

    assert independent([at(0), at(3), at(6)]) == 3
    assert independent([at(6), at(1), at(0), at(3.5), at(2.9)]) == 2  # 0 and 3.5; 6 begins before 3.5 ends
    assert independent([at(0), at(1, "b"), at(2)]) == 2
    assert independent([at(0), forecast_row([1], [1])]) is None


def test_a_baseline_that_is_added_enters_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(baselines.BASELINES, "zero", lambda history, horizon, period: 0 * history[:horizon])
    found = scored([(0, [5, 8])]).groups["toy"].baselines["zero"]["mse"].value
    assert found == pytest.approx((25 + 36) / 2)
