"""Questions of one class: reading, reward and score by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.tasks.classify.task import ClassifyTask
from src.tasks.row import Row
from src.tasks.task import Answer

RIGHT = "<think>so</think>\n<class>{}</class>"
NAMES = ["walking", "walking_upstairs", "sitting"]


class Classes(ClassifyTask):
    """Rows are given; nothing is built."""

    def rows(self, split: str) -> list[Row]:
        return []


TASK = Classes({"name": "classes"})


def row(truth: str, index: int = 0, source: str = "s", **info: Any) -> Row:
    return Row(source, "", "test", index, (), truth, {"options": NAMES, **info})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("walking", "walking"),
        ("Walking Upstairs", "walking_upstairs"),
        ('"walking_upstairs".', "walking_upstairs"),
        ("walking walking_upstairs", None),
        ("walking, sitting", None),
        ("not walking", None),
        ("upstairs", None),
        ("", None),
    ],
)
def test_names_that_contain_each_other_are_told_apart_and_two_names_are_none(text: str, value: str | None) -> None:
    answer = TASK.read(row("walking"), RIGHT.format(text))
    assert answer.value == value
    assert (answer.problem is None) == (value is not None)


def test_what_is_wrong_is_said() -> None:
    assert TASK.read(row("walking"), "walking").problem == "there is no class section"
    assert TASK.read(row("walking"), RIGHT.format("run")).problem == "the class section names none of the classes"
    two = TASK.read(row("walking"), "<class>walking</class><class>sitting</class>")
    assert two == Answer(None, "there is no class section", False)


@pytest.mark.parametrize(
    ("response", "score"),
    [
        (RIGHT.format("walking"), 1.0),
        (RIGHT.format("sitting"), 0.1),
        ("<class>walking</class>", 0.9),
        (RIGHT.format("walking sitting"), 0.1),
        ("walking", 0.0),
    ],
)
def test_the_reward(response: str, score: float) -> None:
    assert TASK.reward(row("walking"), response)["score"] == pytest.approx(score)


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(["<think>", "</think>", "<class>", "</class>", *NAMES])).map("".join))
)
def test_no_text_breaks_the_reward_and_only_one_name_is_paid(text: str) -> None:
    terms = TASK.reward(row("walking"), text)
    assert terms["score"] == pytest.approx(terms["format"] + terms["accuracy"]) and 0 <= terms["score"] <= 1.0
    if terms["accuracy"]:
        assert text.count("<class>") == 1 and "sitting" not in text.split("<class>")[1].split("</class>")[0]


def test_the_score_counts_failures_as_wrong_and_stands_beside_baselines() -> None:
    truths = ["walking", "walking", "sitting", "walking_upstairs"]
    rows = [row(truth, place, shortcuts={"rocket": truth}) for place, truth in enumerate(truths)]
    answers = [Answer("walking"), Answer(None, "none"), Answer("sitting"), Answer("walking")]
    scores = TASK.score(rows, answers)
    group = scores.groups["s"]
    assert group.lead == "acc" and group.failed == 1
    assert group.metrics["acc"].value == 0.5
    assert group.metrics["balanced_acc"].value == pytest.approx((0.5 + 1 + 0) / 3)
    assert set(group.baselines) == {"majority", "random", "rocket", "shuffled"}
    assert all(set(one) == {"acc", "balanced_acc", "macro_f1"} for one in group.baselines.values())
    assert group.baselines["rocket"]["macro_f1"].value == 1.0
    assert group.baselines["majority"]["acc"].value == 0.5
    assert scores.details["confusion"] == {
        "classes": NAMES,
        "counts": [[1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]],
    }
    assert [one.to for one in group.differences] == ["rocket"]
    assert group.differences[0].difference == pytest.approx(-0.5)


def test_several_answers_to_a_question_are_one_item_and_sources_stand_apart() -> None:
    rows = [row("walking", 0), row("walking", 0), row("sitting", 1), row("sitting", 1), row("walking", 0, "t")]
    answers = [Answer("walking"), Answer("sitting"), Answer("sitting"), Answer("sitting"), Answer("walking")]
    scores = TASK.score(rows, answers)
    group = scores.groups["s"]
    assert (group.questions, group.items, group.answers) == (2, 2, 4)
    assert group.by_question is not None and group.by_question.values == [0.5, 1.0]
    assert set(scores.details["datasets"]) == {"s", "t"}


def test_questions_of_one_group_depend_on_each_other() -> None:
    rows = [row("walking", place, group="first" if place < 2 else "second") for place in range(4)]
    assert TASK.items(rows) == [0, 0, 1, 1]
    assert TASK.items([row("walking", place) for place in range(3)]) == [0, 1, 2]
    assert TASK.score(rows, [Answer("walking")] * 4).groups["s"].items == 2
