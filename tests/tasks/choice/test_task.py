"""Questions of one letter: reading, reward and score by hand."""

from typing import Any

import pytest

from src.tasks.choice.task import ChoiceTask, options
from src.tasks.row import Row
from src.tasks.task import Answer

RIGHT = "<think>so</think><answer>{}</answer>"


class Choices(ChoiceTask):
    """Rows are given; nothing is built."""

    def rows(self, split: str) -> list[Row]:
        return []


TASK = Choices({"name": "choices"})


def row(truth: str, index: int = 0, source: str = "s", **info: Any) -> Row:
    return Row(source, "", "test", index, (), truth, {"options": 4, **info})


def test_options_are_letters_or_classes() -> None:
    assert options(row("A")) == ["A", "B", "C", "D"]
    assert options(row("up", options=["up", "down"])) == ["up", "down"]


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (RIGHT.format("b"), Answer("B", None, True)),
        ("<answer>B</answer>", Answer("B", None, False)),
        (RIGHT.format("E"), Answer(None, "the answer is none of the options", True)),
        ("B", Answer(None, "there is no answer section", False)),
    ],
)
def test_an_answer_is_read(response: str, answer: Answer) -> None:
    assert TASK.read(row("B"), response) == answer


@pytest.mark.parametrize(
    ("response", "format_term", "accuracy", "valid"),
    [(RIGHT.format("B"), 0.1, 1, 1), (RIGHT.format("A"), 0.1, 0, 1), ("<answer>B</answer>", 0, 1, 1),
     (RIGHT.format("A B C D"), 0.1, 0, 0), ("", 0, 0, 0), ("<think>B</think>", 0, 0, 0)],
)  # fmt: skip
def test_the_reward(response: str, format_term: float, accuracy: float, valid: float) -> None:
    wanted = {"score": format_term + accuracy, "format": format_term, "accuracy": accuracy, "valid": valid}
    assert TASK.reward(row("B"), response) == wanted


def test_accuracy_counts_failures_as_wrong_and_has_an_interval_over_questions() -> None:
    rows = [row("A", 0), row("A", 0), row("B", 1), row("B", 1), row("C", 2), row("C", 2), row("A", 3), row("A", 3)]
    given = ["A", "A", "B", "C", None, None, "A", "B"]
    answers = [Answer(value, None if value else "none") for value in given]
    group = TASK.score(rows, answers).groups["s"]
    judged = [TASK.judge(one, answer)["acc"] for one, answer in zip(rows, answers, strict=True)]
    assert sum(judged) / len(judged) == group.metrics["acc"].value
    assert group.metrics["acc"].value == pytest.approx(4 / 8)
    assert (group.questions, group.answers, group.failed) == (4, 8, 2)
    low, high = group.metrics["acc"].interval or (1, 0)
    assert 0 <= low < 0.5 < high <= 1
    beside = {name: one["acc"].value for name, one in group.baselines.items()}
    assert beside == {"majority": 0.5, "random": 0.25, "shuffled": pytest.approx(3 / 8 * 4 / 8 + 2 / 8 / 4 + 1 / 8 / 4)}


def test_blind_and_shortcuts_stand_beside_where_rows_have_them() -> None:
    rows = [row("A", index, blind="same", shortcuts={"first": "A"}) for index in range(3)]
    beside = TASK.score(rows, [Answer("A")] * 3).groups["s"].baselines
    assert (beside["blind"]["acc"].value, beside["first"]["acc"].value) == (1.0, 1.0)


def test_the_best_baseline_is_compared_question_by_question() -> None:
    rows = [row("AB"[index % 2], index, shortcuts={"first": "A" if index < 9 else "B"}) for index in range(10)]
    given = ["A", "B", "A", "B", "A", "B", "A", "B", "A", "A"]
    group = TASK.score(rows, [Answer(value) for value in given]).groups["s"]
    assert group.baselines["first"]["acc"].value == 0.6
    (found,) = group.differences
    assert (found.to, found.kind, found.questions, found.items) == ("first", "baseline", 10, 10)
    assert found.difference == pytest.approx(0.9 - 0.6)
    assert group.by_question is not None
    assert group.by_question.values == [1.0] * 9 + [0.0]


def test_a_best_baseline_that_is_no_mean_over_questions_has_no_difference() -> None:
    rows = [row("AB"[index % 2], index, blind=str(index % 2)) for index in range(6)]
    group = TASK.score(rows, [Answer("A")] * 6).groups["s"]
    assert (group.baselines["blind"]["acc"].value, group.differences) == (1.0, [])


def test_sources_are_scored_apart_and_named_for_a_validated_step() -> None:
    scores = TASK.score([row("A"), row("B", source="other")], [Answer("A"), Answer("A")])
    found = dict(scores.held_out())
    assert (found["val/s/acc"], found["val/other/acc"], found["val/s/fail_frac"]) == (1.0, 0.0, 0.0)
    assert found["val/other/baseline/majority/acc"] == 1.0
