"""Accuracies that need no series, by hand."""

import pytest

from src.tasks.choice.baselines import blind, majority, random, shortcuts, shuffled


def test_majority_and_random() -> None:
    assert majority(["A", "B", "B", "C"]) == 0.5
    assert random([2, 4]) == pytest.approx((1 / 2 + 1 / 4) / 2)


def test_blind_takes_the_other_questions_that_look_the_same_and_never_the_own_truth() -> None:
    # x: A, A, B. The two A see one A and one B: half right; the B sees two A: wrong. y is alone: a guess of 4.
    assert blind(["A", "A", "B", "A"], ["x", "x", "x", "y"], [4, 4, 4, 4]) == pytest.approx((0.5 + 0.5 + 0 + 0.25) / 4)
    assert blind(["A", "A", "B", "B"], ["x", "x", "y", "y"], [2, 2, 2, 2]) == 1.0


def test_shuffled_is_what_the_preference_for_letters_earns() -> None:
    assert shuffled(["A", "A", "A", None], ["A", "B", "C", "A"]) == pytest.approx(3 / 4 * 2 / 4)
    assert shuffled(["A", "B"], ["A", "B"]) == 0.5  # all right, of which half is luck


def test_a_shortcut_counts_where_every_question_has_it() -> None:
    stored = [{"first": "A", "last": "B"}, {"first": "B"}]
    assert shortcuts(stored, ["A", "A"]) == {"first": 0.5}
    assert shortcuts([{}, {"first": "A"}], ["A", "A"]) == {}
