"""Confusion matrices and what is read off them, against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from src.tasks.classify.metrics import by_item, confusion, expected, metrics, values

CLASSES = ["a", "b", "c"]


def test_an_answer_that_names_no_class_has_a_column_of_its_own() -> None:
    matrix = confusion(["a", "a", "b"], ["a", None, "none of them"], CLASSES)
    assert matrix.tolist() == [[1, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from([*CLASSES, None])), min_size=1, max_size=30))
def test_the_metrics_are_scikit_learns(pairs: list[tuple[str, str | None]]) -> None:
    truths, answers = [truth for truth, _ in pairs], [answer or "no answer" for _, answer in pairs]
    held = sorted(set(truths))
    found = values(confusion(truths, [answer for _, answer in pairs], CLASSES))
    assert found["acc"] == pytest.approx(accuracy_score(truths, answers))
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(UserWarning)
        assert found["balanced_acc"] == pytest.approx(balanced_accuracy_score(truths, answers))
    f1 = f1_score(truths, answers, labels=held, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(f1)


def test_intervals_hold_the_value_and_shrink_with_items() -> None:
    def width(count: int) -> float:
        truths = ["a", "b"] * count
        answers = [truth if place % 3 else "c" for place, truth in enumerate(truths)]
        found = metrics(by_item(truths, answers, range(2 * count), CLASSES), seed=0)["macro_f1"]
        assert found.interval is not None and found.value is not None
        assert found.interval[0] < found.value < found.interval[1]
        return found.interval[1] - found.interval[0]

    assert width(200) < 0.5 * width(20)


def test_questions_of_one_item_are_resampled_together() -> None:
    truths, answers = ["a"] * 40, (["a"] * 20) + ["b"] * 20
    alone = metrics(by_item(truths, answers, range(40), CLASSES), 0)["acc"].interval
    together = metrics(by_item(truths, answers, [place // 20 for place in range(40)], CLASSES), 0)["acc"].interval
    assert alone is not None and together is not None
    assert together[1] - together[0] > alone[1] - alone[0]


def test_one_item_has_no_interval_and_a_perfect_score_is_not_certain() -> None:
    assert metrics(by_item(["a"], ["a"], [0], CLASSES), 0)["acc"].interval is None
    low, high = metrics(by_item(["a", "b"] * 10, ["a", "b"] * 10, range(20), CLASSES), 0)["acc"].interval or (0, 0)
    assert 0.7 < low < 0.9 and high == 1.0


def test_answers_without_a_look_are_scored_in_expectation() -> None:
    truths = ["a", "a", "a", "b"]
    usual = expected(truths, {"a": 1.0}, ["a", "b"])
    assert (usual["acc"].value, usual["balanced_acc"].value) == (0.75, 0.5)
    assert usual["macro_f1"].value == pytest.approx((6 / 7) / 2)
    assert expected(truths, {"a": 0.5, "b": 0.5}, ["a", "b"])["acc"].value == 0.5
