"""The held-out scorer on twelve rows whose figures can be added up by hand."""

import json
from typing import Any

import pytest

from recipes.timeomni1.scoring import evaluate, score


def choice(index: int, truth: str, guess: str = "A") -> dict[str, Any]:
    info = {"index": index, "options": 4, "shortcuts": json.dumps({"oracle": truth, "first": guess})}
    return {"data_source": "scenario", "ground_truth": truth, "extra_info": info}


def forecast(index: int, truth: list[float], history: list[float], floor: float = 1.0) -> dict[str, Any]:
    info = {"index": index, "options": 0, "history": history, "floor_mae": floor,
            "shortcuts": json.dumps({"copy": history[-2:]})}  # fmt: skip
    return {"data_source": "forecasting", "ground_truth": json.dumps(truth), "extra_info": info}


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
    answer("[10, 20]"), answer("14 20"), answer("[4, 6, 8]"), answer("nothing"), answer("[5, 7]"), answer("4; 6"),
]  # fmt: skip


def test_the_three_figures_of_both_kinds() -> None:
    groups = evaluate(ROWS, RESPONSES)
    choices, forecasts = groups["scenario"], groups["forecasting"]
    assert {name: value for name, (value, _) in choices.metrics.items()} == pytest.approx(
        {"success": 4 / 6, "acc": 2 / 4, "acc_all": 2 / 6}
    )
    assert (choices.questions, choices.answers, choices.failed) == (6, 6, 2)
    values = {name: value for name, (value, _) in forecasts.metrics.items()}
    assert values["success"] == pytest.approx(4 / 6)
    assert values["mae"] == pytest.approx((0 + 2 + 1 + 0) / 4)
    assert values["mae_all"] == pytest.approx((0 + 2 + 5 + 5 + 1 + 0) / 6)  # zeros for the two without an answer
    assert values["copied"] == pytest.approx(2 / 4)
    # Copies err by 2, 2, 0, 4, 2, 0, the floor is 1 each: gained -3 of a gap of 4.
    assert values["skill"] == pytest.approx((10 - 13) / (10 - 6))


def test_baselines_stand_beside() -> None:
    groups = evaluate(ROWS, RESPONSES)
    assert {name: one["acc_all"] for name, one in groups["scenario"].baselines.items()} == pytest.approx(
        {"majority": 3 / 6, "random": 1 / 4, "oracle": 1.0, "first": 1 / 6}
    )
    assert {name: one["mae_all"] for name, one in groups["forecasting"].baselines.items()} == pytest.approx(
        {"copy": 10 / 6, "noise_floor": 1.0}
    )


def test_intervals_are_over_questions_not_over_answers() -> None:
    once = evaluate(ROWS[:6], RESPONSES[:6], 3)["scenario"].metrics
    twice = evaluate([row for row in ROWS[:6] for _ in "xx"], [one for one in RESPONSES[:6] for _ in "xx"], 3)
    assert twice["scenario"].metrics == once and twice["scenario"].questions == 6
    value, bounds = once["acc_all"]
    assert value is not None and bounds is not None and bounds[0] < value < bounds[1]


def test_no_valid_answer_is_no_figure_not_a_crash() -> None:
    group = evaluate(ROWS[:3], ["", "none", "x"])["scenario"]
    assert group.metrics["acc"] == (None, None) and group.metrics["success"][0] == 0.0


def test_metrics_during_training_have_the_names_of_the_dashboard() -> None:
    scored = score(ROWS, RESPONSES)
    assert scored.metrics["val/scenario/acc"] == 0.5
    assert scored.metrics["val/scenario/baseline/majority/acc"] == 0.5
    assert scored.metrics["val/forecasting/mae_all"] == pytest.approx(13 / 6)
    assert scored.metrics["val/forecasting/baseline/copy/mae"] == pytest.approx(10 / 6)
    assert scored.metrics["val/scenario/fail_frac"] == pytest.approx(2 / 6)
    assert scored.predictions[:2] == ["A", "B"] and scored.predictions[6] == [10.0, 20.0]
    assert scored.predictions[8] is None
