"""What a run has found, in one sentence each."""

from dataclasses import replace

import pytest
from recorded import choices, record

from src.report.run.comparison import Comparison, Evaluation
from src.report.run.headline import findings, summary
from src.tasks.scores import Difference

NOISE = [0.01, -0.01] * 10


@pytest.mark.parametrize(
    ("rewards", "answer", "tone"),
    [
        ([0.02 * i + e for i, e in enumerate(NOISE)], "Yes: 0.030 \N{RIGHTWARDS ARROW} 0.350", "good"),
        (
            [1 - 0.02 * i + e for i, e in enumerate(NOISE)],
            "No, it fell: 0.970 \N{RIGHTWARDS ARROW} 0.650",
            "bad",
        ),
        ([0.5 + e for e in NOISE], "No clear change: 0.500 \N{RIGHTWARDS ARROW} 0.500", "open"),
        ([0.1, 0.9, 0.9], "Too few steps to tell", "open"),
        ([], "Not measured", "open"),
    ],
)
def test_the_reward_finding(rewards: list[float], answer: str, tone: str) -> None:
    found = findings(record(reward__mean=rewards))[0]
    assert (found.answer, found.tone) == (answer, tone)


def test_forecasts_on_several_datasets_are_counted() -> None:
    metrics = {}
    for name, mse in (("a", 2.0), ("b", 5.0)):
        metrics |= {
            f"val__{name}__mse": [9.0, mse],
            f"val__{name}__fail_frac": [0.5, 0.0],
            f"val__{name}__baseline__last_day__mse": [4.0, 4.0],
            f"val__{name}__baseline__window_mean__mse": [4.5, 4.5],
        }
    run = record(**metrics)
    found = findings(run)[2]
    assert (found.answer, found.tone) == ("On 1 of 2 datasets", "open")
    assert "b: 5.00 against 4.00 of the last day; 9.00 before." in found.detail
    assert summary(findings(run)) == (
        "The reward was not recorded, 100 % of answers are valid, "
        "and answers beat the best baseline on 1 of 2 datasets, and lose to it on b (last day)."
    )


def test_a_low_error_on_few_answers_is_no_success() -> None:
    found = findings(record(val__a__mse=[1.0], val__a__fail_frac=[0.4], val__a__baseline__last_day__mse=[2.0]))
    assert found[2].tone == "open"
    assert found[2].detail.endswith("Up to 40 % of the answers could not be used.")
    assert (found[1].answer, found[1].tone) == ("Not all: 60 %", "bad")


def test_of_an_accuracy_higher_is_better_and_an_oracle_is_no_baseline() -> None:
    good = findings(choices(model=0.62, majority=0.48))
    assert (good[2].question, good[2].answer, good[2].tone) == (
        "Do the answers beat the best baseline?",
        "Yes: acc 0.140 higher",
        "good",
    )
    assert good[2].detail == "Held out: q: 0.620 against 0.480 of the majority; 0.300 before."
    bad = findings(choices(model=0.4, majority=0.48))
    assert (bad[2].answer, bad[2].tone) == ("No: acc 0.080 lower", "bad")
    assert summary(bad).endswith("and the model does not beat the best baseline (majority): the acc is 0.080 lower.")


def on_test(value: float, interval: tuple[float, float] | None, last_week: float = 0.52) -> list[Comparison]:
    """The test split of a forecaster whose best baseline is the last week."""
    intervals = {"mse": interval} if interval else {}
    model = Evaluation("rl", "Model, after RL", {"mse": value, "fail_frac": 0.0}, intervals)
    return [Comparison("demand", ["mse"], [model], {"last_day": {"mse": 7.8}, "last_week": {"mse": last_week}})]


def test_a_model_that_loses_to_the_best_baseline_is_told_so_whatever_else_it_beats() -> None:
    held_out = record(val__demand__mse=[9.0, 2.7], val__demand__baseline__daily_profile__mse=[6.8, 6.8])
    assert findings(held_out)[2].tone == "good"
    found = findings(held_out, on_test(1.38, (1.1, 1.7)))  # the test split decides
    assert (found[2].answer, found[2].tone) == ("No: MSE 165 % higher", "bad")
    assert summary(found).endswith(
        "and the model does not beat the best baseline (last week): the MSE is 165 % higher."
    )
    assert found[2].detail == "Test split: demand: 1.38 (1.10 to 1.70) against 0.520 of the last week."


@pytest.mark.parametrize(
    ("value", "interval", "answer", "tone", "clause"),
    [
        (0.4, (0.35, 0.45), "Yes: MSE 23 % lower", "good", "than the best baseline (last week)"),
        (0.5, (0.4, 0.7), "Not certain: MSE 4 % lower", "open", "(last week), which may be chance"),
        (0.52, (0.4, 0.7), "No: MSE no better", "bad", "(last week): the MSE is no better"),
        (0.53, (0.4, 0.7), "No: MSE 2 % higher", "bad", "(last week): the MSE is 2 % higher"),
    ],
)
def test_better_within_the_interval_is_not_certain_and_not_better_is_a_loss(
    value: float, interval: tuple[float, float], answer: str, tone: str, clause: str
) -> None:
    found = findings(record(), on_test(value, interval))[2]
    assert (found.answer, found.tone) == (answer, tone)
    assert found.clause.endswith(clause)


@pytest.mark.parametrize(
    ("paired", "tone"),
    [((-0.2, -0.05), "good"), ((-0.3, 0.1), "open"), (None, "open")],
    ids=["question by question it is better", "it may be chance", "too few items to tell"],
)
def test_a_difference_that_is_known_question_by_question_decides(paired: tuple[float, float] | None, tone: str) -> None:
    (item,) = on_test(0.4, (0.2, 0.6) if paired else None)  # windows that are hard for both widen its own interval
    found = Difference("last_week", "baseline", -0.12, paired, None, 100, 14)
    item = replace(item, evaluations=[replace(item.last, differences=[found])], items=14, of_test=True)
    assert findings(record(), [item])[2].tone == tone


def test_many_datasets_are_named_in_short() -> None:
    test = [replace(item, dataset=name) for name in "abcd" for item in on_test(0.4, (0.35, 0.45))]
    found = findings(record(), test)[2]
    assert (found.answer, found.tone) == ("On 4 of 4 datasets", "good")
    assert found.detail.startswith("Test split: a: 0.400 against 0.520 (last week). b: ")
    lost = [replace(item, dataset=name) for name in "abcd" for item in on_test(0.9, (0.8, 1.0))]
    assert (
        findings(record(), lost)[2].clause == "answers beat the best baseline on 0 of 4 datasets, and lose to it on 4"
    )
