"""Questions that are not forecasts: a subset of each kind, and ratios with their intervals."""

import pytest

from src.errors import DataError
from src.evaluation.questions import ask, choose, ratio
from src.evaluation.requests import Completion
from src.evaluation.settings import EvaluationSettings

ROWS = [{"data_source": source, "prompt": [{"role": "user", "content": f"{source}{place}"}]}
        for source in ("a", "b") for place in range(5)]  # fmt: skip


def test_a_subset_holds_as_many_of_each_source() -> None:
    chosen = choose(ROWS, 2, seed=1)
    assert [row["data_source"] for row in chosen] == ["a", "a", "b", "b"]
    assert chosen == choose(ROWS, 2, seed=1) != choose(ROWS, 2, seed=2)
    assert choose(ROWS, None, 0) == choose(ROWS, 5, 0) == ROWS
    with pytest.raises(DataError, match="has no questions"):
        choose([], 2, 0)


def test_every_question_is_asked_as_often_as_there_are_runs() -> None:
    asked = []

    def generate(requests):
        asked.extend(requests)
        return [Completion(str(request.seed), 1) for request in requests]

    rows, answers = ask(ROWS[:2], EvaluationSettings(runs=3), generate)
    assert [row["prompt"][0]["content"] for row in rows] == ["a0"] * 3 + ["a1"] * 3
    assert len({answer.text for answer in answers}) == 6  # a seed of its own for each
    assert asked[0].prompt == [{"role": "user", "content": "a0"}]


def test_ratios_by_hand() -> None:
    value, bounds = ratio([1, 0, 2], [1, 1, 2], seed=0)
    assert value == 0.75 and bounds is not None and 0 <= bounds[0] <= 0.75 <= bounds[1] <= 1
    assert ratio([3.0], [1.0], 0) == (3.0, None)
    assert ratio([0.0, 0.0], [0.0, 0.0], 0) == (None, None)
