"""Groups and their metrics, by hand."""

import pytest

from src.tasks.scores import Group, Metric, Scores, ratio


def test_ratios_by_hand() -> None:
    found = ratio([1, 0, 2], [1, 1, 2], seed=0)
    assert found.value == 0.75
    assert found.interval is not None and 0 <= found.interval[0] <= 0.75 <= found.interval[1] <= 1
    assert ratio([3.0], [1.0], 0) == Metric(3.0, None)
    assert ratio([0.0, 0.0], [0.0, 0.0], 0) == Metric(None, None)


def test_an_interval_is_of_its_seed_and_narrows_with_more_questions() -> None:
    few, many = ratio([0, 1] * 5, [1] * 10, 0), ratio([0, 1] * 500, [1] * 1000, 0)
    assert few.interval is not None and many.interval is not None
    assert few.interval[1] - few.interval[0] > 5 * (many.interval[1] - many.interval[0])
    # The standard error of a share of 0.5 among 1000 is 0.0158; 95 % are 1.96 of it to either side.
    assert many.interval[1] - many.interval[0] == pytest.approx(2 * 1.96 * 0.0158, rel=0.1)
    assert ratio([0, 1] * 5, [1] * 10, 0) == few


GROUP = Group(
    lead="acc_all",
    metrics={"acc": Metric(None), "acc_all": Metric(0.25, (0.0, 0.5))},
    baselines={"majority": {"acc": Metric(0.5), "acc_all": Metric(0.5)}},
    questions=4,
    answers=8,
    failed=2,
)


def test_a_validated_step_has_the_leading_metric_first_and_nothing_that_does_not_exist() -> None:
    assert list(Scores({"quiz": GROUP}).held_out()) == [
        ("val/quiz/acc_all", 0.25),
        ("val/quiz/fail_frac", 0.25),
        ("val/quiz/baseline/majority/acc_all", 0.5),
        ("val/quiz/baseline/majority/acc", 0.5),
    ]


def test_a_group_for_json() -> None:
    assert GROUP.as_dict() == {
        "lead": "acc_all",
        "metrics": {"acc": {"value": None, "interval": None}, "acc_all": {"value": 0.25, "interval": [0.0, 0.5]}},
        "baselines": {"majority": {"acc": {"value": 0.5, "interval": None},
                                   "acc_all": {"value": 0.5, "interval": None}}},
        "questions": 4, "items": 4, "answers": 8, "failed": 2,
    }  # fmt: skip
