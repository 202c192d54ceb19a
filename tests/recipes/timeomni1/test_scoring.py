"""The scores on twelve rows whose figures can be added up by hand."""

from typing import Any

import pytest

from recipes.timeomni1.scoring import judge, read, score
from src.tasks.row import Row
from src.tasks.scores import Scores


def choice(index: int, truth: str, guess: str = "A") -> Row:
    info = {"options": 4, "shortcuts": {"oracle": truth, "first": guess}}
    return Row("scenario", "scenario", "val", index, (), truth, info)


def forecast(index: int, truth: list[float], history: list[float], floor: float = 1.0) -> Row:
    info = {"options": 0, "history": history, "floor_mae": floor, "shortcuts": {"copy": history[-2:]}}
    return Row("forecasting", "forecasting", "val", index, (), truth, info)


def answer(body: str) -> str:
    return f"<think>x</think><answer>{body}</answer>"


ROWS = [
    choice(0, "A"), choice(1, "B"), choice(2, "B"), choice(3, "B"), choice(4, "C"), choice(5, "D"),
    forecast(6, [10.0, 20.0], [1.0, 10.0, 16.0]), forecast(7, [10.0, 20.0], [1.0, 14.0, 20.0]),
    forecast(8, [4.0, 6.0], [1.0, 4.0, 6.0]), forecast(9, [4.0, 6.0], [1.0, 8.0, 10.0]),
    forecast(10, [4.0, 6.0], [1.0, 6.0, 8.0]), forecast(11, [4.0, 6.0], [1.0, 4.0, 6.0]),
]  # fmt: skip
RESPONSES = [
    answer("A"), answer("B"), answer("C"), answer("Option B"), answer(""), "D",  # 2 right, 4 valid
    answer("[10, 20]"), answer("14, 20"), answer("[4, 6, 8]"), answer("nothing"), answer("[5, 7]"), answer("4; 6"),
]  # fmt: skip


def scored(rows: list[Row] = ROWS, responses: list[str] = RESPONSES, seed: int = 0) -> Scores:
    return score(rows, [read(row, response) for row, response in zip(rows, responses, strict=True)], seed)


def values(metrics: Any) -> dict[str, float]:
    return {name: one.value for name, one in metrics.items()}


def test_an_answer_is_what_the_reward_calls_valid() -> None:
    found = [read(row, response) for row, response in zip(ROWS, RESPONSES, strict=True)]
    assert [one.value for one in found[:6]] == ["A", "B", "C", "Option B", None, None]
    assert [one.problem for one in found[4:6]] == ["there is no answer"] * 2
    assert found[6].value == [10.0, 20.0]
    assert [one.problem for one in found[8:10]] == ["3 values instead of 2", "the answer is no list of numbers"]
    assert [one.well_formed for one in found[4:7]] == [True, False, True]


def test_the_three_figures_of_both_kinds() -> None:
    groups = scored().groups
    choices, forecasts = groups["scenario"], groups["forecasting"]
    assert values(choices.metrics) == pytest.approx({"success": 4 / 6, "acc": 2 / 4, "acc_all": 2 / 6})
    assert (choices.questions, choices.answers, choices.failed) == (6, 6, 2)
    assert (choices.lead, forecasts.lead) == ("acc_all", "mae_all")
    found = values(forecasts.metrics)
    assert found["success"] == pytest.approx(4 / 6)
    assert found["mae"] == pytest.approx((0 + 2 + 1 + 0) / 4)
    assert found["mae_all"] == pytest.approx((0 + 2 + 5 + 5 + 1 + 0) / 6)  # zeros for the two without an answer
    assert found["copied"] == pytest.approx(2 / 4)
    # Copies err by 2, 2, 0, 4, 2, 0, the floor is 1 each: gained -3 of a gap of 4.
    assert found["skill"] == pytest.approx((10 - 13) / (10 - 6))


def two_days(index: int, truth: list[float], first: list[float], second: list[float], **solvers: list[float]) -> Row:
    info = {"options": 0, "history": [*first, *second], "floor_mae": 0.5, "shortcuts": {"oracle": truth, **solvers}}
    return Row("forecasting", "forecasting", "val", index, (), truth, info)


def extras(rows: list[Row], replies: list[str]) -> tuple[float, float]:
    found = values(scored(rows, [answer(reply) for reply in replies]).groups["forecasting"].metrics)
    return found["copied"], found["skill"]


def test_the_copy_of_either_shown_day_has_no_skill() -> None:
    # The first day errs by 1 and 2, the second, with an event, by 5 and 3: the first is the better shortcut.
    rows = [two_days(0, [3, 4], [4, 5], [8, 9]), two_days(1, [6, 6], [4, 4], [9, 9])]
    assert extras(rows, ["4, 5", "4, 4"]) == (1.0, pytest.approx(0.0))
    copied, skill = extras(rows, ["8, 9", "9, 9"])
    assert (copied, skill) == (1.0, pytest.approx((3 - 8) / (3 - 1)))
    assert extras(rows, ["3.5, 4.5", "6.5, 5.5"]) == (0.0, pytest.approx(1.0))
    assert extras(rows, ["4, 5", "9, 9"])[0] == 1.0  # one day here, the other there


def test_zero_skill_is_the_best_of_all_shortcuts_whichever_it_is() -> None:
    rows = [two_days(0, [3, 4], [4, 5], [8, 9], better=[3, 5]), two_days(1, [6, 6], [4, 4], [9, 9], better=[6, 9])]
    assert extras(rows, ["3, 5", "6, 9"]) == (0.0, pytest.approx(0.0))  # errs by 0.5 and 1.5
    assert extras(rows, ["4, 5", "4, 4"]) == (1.0, pytest.approx((2 - 3) / (2 - 1)))


def test_the_metrics_of_single_answers_have_the_scores_as_their_means() -> None:
    groups = scored().groups
    judged = [(row.source, judge(row, read(row, said))) for row, said in zip(ROWS, RESPONSES, strict=True)]
    for source, names in (("scenario", ("acc", "acc_all")), ("forecasting", ("mae", "mae_all"))):
        for name in names:
            found = [one[name] for group, one in judged if group == source and name in one]
            assert sum(found) / len(found) == pytest.approx(groups[source].metrics[name].value)


def test_baselines_stand_beside_under_both_names() -> None:
    groups = scored().groups
    assert {name: one["acc_all"].value for name, one in groups["scenario"].baselines.items()} == pytest.approx(
        {"majority": 3 / 6, "random": 1 / 4, "oracle": 1.0, "first": 1 / 6}
    )
    assert {name: one["mae_all"].value for name, one in groups["forecasting"].baselines.items()} == pytest.approx(
        {"copy": 10 / 6, "noise_floor": 1.0}
    )
    assert all(one["acc"] == one["acc_all"] for one in groups["scenario"].baselines.values())


def test_each_question_stands_beside_the_best_baseline() -> None:
    groups = scored().groups
    (choices,), (forecasts,) = groups["scenario"].differences, groups["forecasting"].differences
    assert (choices.to, choices.difference, choices.items) == ("majority", pytest.approx(2 / 6 - 3 / 6), 6)
    assert (forecasts.to, forecasts.difference, forecasts.items) == ("copy", pytest.approx((13 - 10) / 6), 6)
    assert groups["forecasting"].by_question is not None
    assert groups["forecasting"].by_question.ids == ["6", "7", "8", "9", "10", "11"]
    assert groups["forecasting"].by_question.values == [0, 2, 5, 5, 1, 0]


def test_intervals_are_over_questions_not_over_answers() -> None:
    once = scored(ROWS[:6], RESPONSES[:6], 3).groups["scenario"].metrics
    twice = scored([row for row in ROWS[:6] for _ in "xx"], [one for one in RESPONSES[:6] for _ in "xx"], 3)
    assert twice.groups["scenario"].metrics == once and twice.groups["scenario"].questions == 6
    value, bounds = once["acc_all"].value, once["acc_all"].interval
    assert value is not None and bounds is not None and bounds[0] < value < bounds[1]


def test_a_share_of_none_is_not_known_for_certain() -> None:
    low, high = scored(ROWS[:4], [answer("E")] * 4).groups["scenario"].metrics["acc_all"].interval or (1, 0)
    assert (low, high) == (0.0, pytest.approx(0.6, abs=0.01))  # Clopper-Pearson of 0 in 4


def test_no_valid_answer_is_no_figure_not_a_crash() -> None:
    group = scored(ROWS[:3], ["", "none", "x"]).groups["scenario"]
    assert (group.metrics["acc"].value, group.metrics["success"].value) == (None, 0.0)


def test_metrics_during_training_have_the_names_of_the_dashboard() -> None:
    found = dict(scored().held_out())
    assert found["val/scenario/acc"] == 0.5
    assert found["val/scenario/baseline/majority/acc"] == 0.5
    assert found["val/forecasting/mae_all"] == pytest.approx(13 / 6)
    assert found["val/forecasting/baseline/copy/mae"] == pytest.approx(10 / 6)
    assert found["val/scenario/fail_frac"] == pytest.approx(2 / 6)
