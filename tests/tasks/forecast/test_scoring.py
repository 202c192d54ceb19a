"""Scores against numbers worked out by hand."""

from collections.abc import Sequence
from typing import Any

import pytest
from toy_forecast import forecast_row

from src.tasks.forecast import baselines
from src.tasks.forecast.scoring import errors, items, score
from src.tasks.row import Row
from src.tasks.scores import Scores
from src.tasks.task import Answer

LABELS = {"start": "t0", "target_start": "t4"}
WINDOWS = [
    forecast_row(
        [5, 6], [1, 2, 3, 4], index=0, place=0, **LABELS
    ),  # last value 4,4; last day 3,4; mean 2.5; profile 2,3
    forecast_row([2, 0], [0, 0, 0, 2], index=1, place=2, **LABELS),  # 2,2; 0,2; 0.5; 0,1
    forecast_row([10, 10], [10, 10, 10, 10], index=2, channel="b", place=2, **LABELS),
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
    # Two windows that do not overlap: 4.75 +- t(0.975, 1) s / sqrt(2), cut at zero.
    assert group.metrics["mse"].interval == (0.0, pytest.approx(4.75 + 12.706 * (8 - 1.5) / 2, rel=0.03))
    assert group.items == 2, "the windows of two channels at one moment are one item"
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
        "val/toy/baseline/last_day/mse", "val/toy/baseline/last_day/mae", "val/toy/baseline/last_day/mase",
        "val/toy/baseline/last_day/mse_answered",
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


def at(place: float, channel: str = "a", source: str = "toy") -> Row:
    return forecast_row([1, 2, 3], [1, 2], channel=channel, source=source, index=int(10 * place), place=place)


def test_windows_that_overlap_are_one_item_and_so_are_the_channels_of_a_moment() -> None:
    assert items([at(0), at(3), at(6)]) == [0, 1, 2]
    assert items([at(6), at(1), at(0), at(3.5), at(2.9)]) == [1, 0, 0, 0, 0]  # without a gap: two truths long
    assert items([at(0), at(0, "b"), at(2, "b"), at(9)]) == [0, 0, 0, 1]
    assert items([at(0), at(0, source="other"), at(9)]) == [0, 2, 1]
    assert items([at(0), forecast_row([1], [1])]) == [0, 0], "where they stand is unknown"


def test_without_places_there_is_no_interval() -> None:
    rows = [forecast_row([3, 4], [1, 2, 3, 5], index=index) for index in range(20)]
    group = scored([(index, [3, 6 + index]) for index in range(20)], rows).groups["toy"]
    assert (group.items, group.questions) == (1, 20)
    assert all(one.interval is None for one in group.metrics.values())


def test_the_model_is_held_against_the_best_baseline_on_the_windows_it_has_answered() -> None:
    (found,) = scored().groups["toy"].differences
    # Answered are the first two: last value 2.5 and 2, mean 6.5 and 2.25, last day and profile 4 and 4, 9 and ...
    assert (found.to, found.kind, found.questions, found.items) == ("last_value", "baseline", 2, 2)
    assert found.difference == pytest.approx(((1.5 - 2.5) + (8 - 2)) / 2)
    assert found.interval is not None and found.interval[0] < 0 < found.interval[1]
    assert found.p is not None and found.p > 0.05


def test_every_question_has_its_item_and_its_error() -> None:
    found = scored().groups["toy"].by_question
    assert found is not None
    assert (found.ids, found.items, found.values) == (["a/0", "a/1", "b/2"], [0, 1, 1], [1.5, 8.0, None])


def test_scaled_errors_are_means_over_channels_of_each_channels_own_unit() -> None:
    rows = [
        forecast_row([5, 6], [1, 2, 3, 4], index=0),  # one day (2 steps) apart: 2
        forecast_row([5, 6], [1, 2, 3, 4], index=1),
        forecast_row([500, 600], [100, 200, 400, 500], index=0, channel="b"),  # 300
    ]
    found = scored([(0, [6, 7]), (1, [5, 6]), (2, [500, 1200])], rows)
    group = found.groups["toy"]
    assert group.metrics["mase"].value == pytest.approx(((1 / 2 + 0) / 2 + 300 / 300) / 2)
    assert group.about["mase"] == (
        "in units of the naive forecast's error one day ahead (season: 2 steps) in the histories shown"
    )
    assert found.details["channels"]["b"]["mase"] == 1.0
    assert found.details["channels"]["b"]["scale"] == 300
    assert found.details["channels"]["a"]["baselines"]["last_value"]["mase"] == pytest.approx(1.5 / 2)
    assert dict(found.held_out())["val/toy/mase"] == group.metrics["mase"].value


def test_a_channel_that_never_changes_has_no_scaled_error_and_is_named() -> None:
    rows = [forecast_row([5, 6], [1, 2, 3, 4]), forecast_row([7, 8], [7, 7, 7, 7], channel="flat")]
    found = scored([(0, [6, 7]), (1, [7, 7])], rows)
    assert found.groups["toy"].metrics["mase"].value == pytest.approx(1 / 2)
    assert found.details["channels"]["flat"]["mase"] is None
    assert (
        found.groups["toy"].about["mase"].endswith("; without flat, whose values repeat exactly there or are too few")
    )
    alone = scored([(0, [7, 7])], rows[1:]).groups["toy"]
    assert alone.metrics["mase"].value is None


def test_a_baseline_that_is_added_enters_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(baselines.BASELINES, "zero", lambda history, horizon, period: 0 * history[:horizon])
    found = scored([(0, [5, 8])]).groups["toy"].baselines["zero"]["mse"].value
    assert found == pytest.approx((25 + 36) / 2)
