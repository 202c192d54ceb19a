"""What a run has found, in one sentence each."""

import pytest
from recorded import choices, record

from src.report.run.headline import findings, summary

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
    assert "b: 5.00 against 4.00 of the last day (9.00 before)." in found.detail
    assert summary(findings(run)) == (
        "The reward was not recorded, 100 % of answers are valid, and answers beat trivial ones on 1 of 2 datasets."
    )


def test_a_low_error_on_few_answers_is_no_success() -> None:
    found = findings(record(val__a__mse=[1.0], val__a__fail_frac=[0.4], val__a__baseline__last_day__mse=[2.0]))
    assert found[2].tone == "open"
    assert found[2].detail.endswith("Up to 40 % of the answers could not be used.")
    assert (found[1].answer, found[1].tone) == ("Not all: 60 %", "bad")


def test_of_an_accuracy_higher_is_better_and_an_oracle_is_no_baseline() -> None:
    good = findings(choices(model=0.62, majority=0.48))
    assert (good[2].question, good[2].answer, good[2].tone) == (
        "Do the answers beat trivial ones?",
        "Yes: acc 0.140 higher",
        "good",
    )
    assert good[2].detail == "q: 0.620 against 0.480 of the majority (0.300 before)."
    bad = findings(choices(model=0.4, majority=0.48))
    assert (bad[2].answer, bad[2].tone) == ("No: acc 0.080 lower", "bad")
    assert summary(bad).endswith("and the acc is 0.080 lower than the best baseline (majority).")
