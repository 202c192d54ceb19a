"""Groups and their metrics, by hand."""

import pytest

from src.tasks.scores import Group, Metric, Scores, difference, ratio


def test_ratios_by_hand() -> None:
    found = ratio([1, 0, 2], [1, 1, 2], seed=0, most=1.0)
    assert found.value == 0.75
    assert found.interval is not None and found.interval[0] >= 0 and found.interval[1] == 1.0, "cut to what a share is"
    assert ratio([3.0], [1.0], 0) == Metric(3.0, None)
    assert ratio([0.0, 0.0], [0.0, 0.0], 0) == Metric(None, None)


def test_an_interval_is_of_its_seed_and_narrows_with_more_questions() -> None:
    few, many = ratio([0, 1] * 5, [1] * 10, 0), ratio([0, 1] * 500, [1] * 1000, 0)
    assert few.interval is not None and many.interval is not None
    assert few.interval[1] - few.interval[0] > 5 * (many.interval[1] - many.interval[0])
    # The standard error of a share of 0.5 among 1000 is 0.0158; 95 % are 1.96 of it to either side.
    assert many.interval[1] - many.interval[0] == pytest.approx(2 * 1.96 * 0.0158, rel=0.1)
    assert ratio([0, 1] * 5, [1] * 10, 0) == few


def test_a_share_of_all_or_none_is_not_certain() -> None:
    every, none = ratio([1.0] * 16, [1.0] * 16, 0, most=1.0), ratio([0.0] * 16, [1.0] * 16, 0, most=1.0)
    assert every.interval == (pytest.approx(0.025 ** (1 / 16)), 1.0)  # Clopper-Pearson: 0.794
    assert none.interval == (0.0, pytest.approx(1 - 0.025 ** (1 / 16)))
    assert ratio([1.0], [1.0], 0, most=1.0) == Metric(1.0, None)
    assert ratio([2.0, 2.0], [1.0, 1.0], 0).interval == (2.0, 2.0), "an error may well be the same twice"


def test_answers_of_one_item_are_one_observation() -> None:
    once, copied = ratio([0, 1] * 10, [1] * 20, 0), ratio([0, 1] * 40, [1] * 80, 0, list(range(20)) * 4)
    assert copied == once
    assert ratio([0, 1] * 40, [1] * 80, 0, [0] * 80) == Metric(0.5, None), "one item has no interval"


def test_a_difference_is_over_the_questions_that_both_have() -> None:
    found = difference("sft", "stage", [1.0, 2.0, None, 4.0], [2.0, None, 3.0, 7.0], [0, 1, 2, 3])
    assert found is not None
    assert (found.to, found.kind, found.difference, found.questions, found.items) == ("sft", "stage", -2.0, 2, 2)
    assert found.interval is not None and found.interval[0] < -2 < found.interval[1]
    assert found.as_dict()["interval"] == list(found.interval)
    assert difference("sft", "stage", [1.0, None], [None, 1.0], [0, 1]) is None
    alone = difference("sft", "stage", [1.0], [0.5], [0])
    assert alone is not None and (alone.difference, alone.interval, alone.p, alone.items) == (0.5, None, None, 1)


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
        "questions": 4, "items": 4, "answers": 8, "failed": 2, "about": {}, "differences": [], "by_question": None,
        "variants": {},
    }  # fmt: skip
