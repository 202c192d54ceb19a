"""Rolling forecasts with a text generator that is a plain function, and what a forecasting task reads and pays."""

from collections.abc import Sequence
from typing import Any

import pytest
from toy_forecast import Counting, counting_row, forecast_row

from src.tasks.asking import Completion, Request, request_seed
from src.tasks.row import Row
from src.tasks.task import Asked

TASK = Counting({"name": "toy", "horizon": 3})


def answer(values: Sequence[float], **extra: Any) -> Completion:
    text = "<think>so</think>\n<answer>\n" + "\n".join(map(str, values)) + "\n</answer>"
    return Completion(text, tokens=5, **extra)


def text(messages: Sequence[Any]) -> str:
    (message,) = messages
    return str(message["content"])


def counting(requests: Sequence[Request]) -> list[Completion]:
    """Continue the series as it should be."""
    lasts = [float(text(request.messages).split()[-1]) for request in requests]
    return [answer([last + 1, last + 2, last + 3]) for last in lasts]


def ask(rows: Sequence[Row], generate: Any, runs: int = 1, task: Counting = TASK, seed: int = 0) -> list[Asked]:
    return task.ask(rows, runs, seed, generate)


@pytest.mark.parametrize(("horizon", "block", "rolls"), [(96, 96, 1), (192, 96, 2), (336, 96, 4), (97, 96, 2)])
def test_the_number_of_rolls_covers_the_horizon(horizon: int, block: int, rolls: int) -> None:
    task = Counting({"name": "toy", "horizon": block, "evaluation": {"target_length": horizon}})
    assert (task.rolls(horizon), task.turns) == (rolls, rolls)
    assert TASK.turns == 1


def test_rolls_feed_predictions_back_advance_the_timestamps_and_cut_the_last_roll() -> None:
    (one,) = ask([counting_row(10)], counting)
    assert [text(prompt) for prompt in one.prompts] == ["a t10 10 11 12 13", "a t13 13 14 15 16", "a t16 16 17 18 19"]
    assert one.answer.value == [14, 15, 16, 17, 18, 19, 20]
    assert (one.answer.problem, one.answer.well_formed, len(one.completions)) == (None, True, 3)


def test_the_second_roll_sees_the_models_numbers_and_not_the_truth() -> None:
    def constant(requests: Sequence[Request]) -> list[Completion]:
        return [answer([100, 101, 102])] * len(requests)

    (one,) = ask([counting_row(0, horizon=6)], constant)
    assert text(one.prompts[1]) == "a t3 3 100 101 102"
    assert one.answer.value == [100, 101, 102, 100, 101, 102]


def test_an_answer_longer_than_the_context_replaces_it() -> None:
    task = Counting({"name": "toy", "horizon": 6})
    (one,) = ask(
        [counting_row(0, horizon=12)],
        lambda requests: [answer([5, 6, 7, 8, 9, 10])] * len(requests),
        task=task,
    )
    assert text(one.prompts[1]) == "a t6 7 8 9 10"


def test_all_runs_of_all_windows_are_one_batch_per_roll_in_order() -> None:
    batches: list[int] = []

    def generate(requests: Sequence[Request]) -> list[Completion]:
        batches.append(len(requests))
        return counting(requests)

    asked = ask([counting_row(0, horizon=6), counting_row(5, horizon=6, channel="b")], generate, runs=3)
    assert batches == [6, 6]
    assert [(one.place, one.run) for one in asked] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert asked[4].answer.value == [9, 10, 11, 12, 13, 14]


def fails_for(channel: str, roll: int, completion: Completion) -> list[Asked]:
    """Two windows, ``a`` and ``b``; the given channel gets ``completion`` in the given roll."""
    calls: list[list[str]] = []

    def generate(requests: Sequence[Request]) -> list[Completion]:
        calls.append([text(request.messages).split()[0] for request in requests])
        good = counting(requests)
        return [
            completion if name == channel and len(calls) == roll else given
            for name, given in zip(calls[-1], good, strict=True)
        ]

    asked = ask([counting_row(0), counting_row(0, channel="b")], generate)
    assert all(channel not in call for call in calls[roll:]), "a failed run must not be asked again"
    return asked


def test_a_failed_answer_ends_its_run_only_and_says_in_which_roll() -> None:
    first, second = fails_for("a", 2, answer([1, 2]))
    assert (first.answer.value, first.answer.problem) == (None, "roll 2: 2 values instead of 3")
    assert len(first.completions) == 2
    assert second.answer.value == [4, 5, 6, 7, 8, 9, 10]


def test_a_failure_in_the_first_roll_and_one_without_a_text() -> None:
    first, _ = fails_for("a", 1, Completion("I refuse", 2))
    assert (first.answer.value, first.answer.problem, first.answer.well_formed) == (None, "no rows", False)
    _, second = fails_for("b", 1, Completion("", 0, problem="the prompt fills the model's context"))
    assert (second.answer.value, second.answer.problem) == (None, "the prompt fills the model's context")


def test_too_many_values_fail_as_they_do_in_training() -> None:
    first, _ = fails_for("a", 1, answer([1, 2, 3, 4]))
    assert (first.answer.value, first.answer.problem) == (None, "4 values instead of 3")


def test_a_usable_answer_that_is_not_well_formed_is_used_and_noted() -> None:
    first, _ = fails_for("b", 4, answer([]))  # nobody fails
    assert first.answer.well_formed
    (one,) = ask([counting_row(0, horizon=3)], lambda requests: [Completion("7, 8, 9", 3)])
    assert (one.answer.value, one.answer.problem, one.answer.well_formed) == ([7, 8, 9], None, False)


def test_when_every_run_has_failed_nothing_more_is_asked() -> None:
    calls: list[int] = []

    def refuse(requests: Sequence[Request]) -> list[Completion]:
        calls.append(len(requests))
        return [Completion("no", 1)] * len(requests)

    asked = ask([counting_row(0), counting_row(0, channel="b")], refuse, runs=2)
    assert calls == [4]
    assert all(one.answer.value is None for one in asked)


def test_every_request_has_a_seed_of_its_own_that_repeats() -> None:
    def seeds(seed: int, windows: int) -> dict[tuple[str, int], list[int]]:
        seen: dict[tuple[str, int], list[int]] = {}

        def generate(requests: Sequence[Request]) -> list[Completion]:
            for number, request in enumerate(requests):
                seen.setdefault((text(request.messages).split()[0], number % 2), []).append(request.seed)
            return counting(requests)

        ask([counting_row(0, channel=name) for name in "abc"[:windows]], generate, runs=2, seed=seed)
        return seen

    three = seeds(0, 3)
    every = [seed for seeds_of_run in three.values() for seed in seeds_of_run]
    assert len(set(every)) == len(every) == 3 * 2 * 3
    assert seeds(0, 3) == three
    assert seeds(1, 3) != three
    assert seeds(0, 2) == {key: value for key, value in three.items() if key[0] != "c"}
    assert three["b", 1][2] == request_seed(0, 1, 1, 2)


def test_a_forecast_has_exactly_the_horizon() -> None:
    row = forecast_row([0, 0, 0], [1, 2])
    good = TASK.read(row, answer([1.5, 2.5, 3.5]).text)
    assert (good.value, good.problem, good.well_formed) == ([1.5, 2.5, 3.5], None, True)
    for text_of in (answer([1.5]).text, answer([1, 2, 3, 4]).text, answer([1, 2, float("nan")]).text, "<think>1 2 3"):
        assert TASK.read(row, text_of).value is None


def test_the_plain_reward_is_the_error_beside_the_last_days() -> None:
    # The last day of 1, 2, 3, 5 with a period of 2 is 3, 5, 3: squared errors 1, 1, 1.
    row = forecast_row([4, 4, 4], [1, 2, 3, 5])
    assert TASK.reward(row, answer([3, 5, 3]).text) == {"score": 0.6, "format": 0.1, "accuracy": 0.5, "valid": 1.0}
    assert TASK.reward(row, answer([4, 4, 4]).text)["score"] == pytest.approx(1.1)
    assert TASK.reward(row, "5, 5, 4")["score"] == pytest.approx(1 / (1 + 2 / 3))
    flat = forecast_row([2, 2, 2], [2, 2])
    assert TASK.reward(flat, answer([2, 2, 2]).text)["accuracy"] == 1
    assert TASK.reward(flat, answer([2, 2, 3]).text)["accuracy"] == 0


HOSTILE = [
    "", "<think></think><answer></answer>", "<answer>4</answer>", answer([4, 4]).text, answer([4] * 400).text,
    answer([1e308, 1e308, 1e308]).text, answer([float("inf")] * 3).text, "<think>4 4 4</think>", "4, 4, 4, 4",
    answer([4, 4, 4]).text * 2,
]  # fmt: skip


@pytest.mark.parametrize("response", HOSTILE)
def test_no_trick_comes_near_the_naive_forecast(response: str) -> None:
    paid = TASK.reward(forecast_row([4, 4, 4], [1, 2, 3, 5]), response)
    assert set(paid) == {"score", "format", "accuracy", "valid"} and paid["score"] <= 0.1


def test_a_row_without_a_usable_truth_earns_nothing_and_raises_nothing() -> None:
    for truth in ([], [float("nan")] * 3, "text", None):
        row = Row("toy", "", "train", 0, (), truth if truth is not None else [], {"history": None})
        assert TASK.reward(row, answer([4, 4, 4]).text)["accuracy"] == 0
