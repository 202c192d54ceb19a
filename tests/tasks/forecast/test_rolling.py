"""Rolling forecasts with a text generator that is a plain function."""

import dataclasses
from collections.abc import Sequence

import pytest
from toys import Toy

from src.evaluation.requests import Completion, Request
from src.tasks.forecast.rolling import Questions, Rolled, forecast, request_seed, roll_count


def toy(channel: str, first: int, context: int = 4, horizon: int = 7) -> Toy:
    """A series in which row r has the value r and the label "t<r>"."""
    middle, end = first + context, first + context + horizon
    return Toy(
        channel,
        tuple(map(float, range(first, middle))),
        tuple(f"t{row}" for row in range(first, middle)),
        tuple(map(float, range(middle, end))),
        tuple(f"t{row}" for row in range(middle, end)),
    )


def follow(channel: str, history: Sequence[float], start: str) -> Toy:
    labels = tuple(f"t{int(start[1:]) + row}" for row in range(len(history)))
    return Toy(channel, tuple(history), labels)


def render(one: Toy) -> str:
    return f"{one.channel} {one.history_labels[0]} " + " ".join(f"{value:g}" for value in one.history)


QUESTIONS = Questions(horizon=3, render=render, follow=follow)


def answer(values: Sequence[float], **extra: object) -> Completion:
    text = "<think>so</think>\n<answer>\n" + "\n".join(map(str, values)) + "\n</answer>"
    return Completion(text, tokens=5, **extra)  # type: ignore[arg-type]


def counting(requests: Sequence[Request]) -> list[Completion]:
    """Continue the series as it should be."""
    lasts = [float(request.prompt.split()[-1]) for request in requests]
    return [answer([last + 1, last + 2, last + 3]) for last in lasts]


@pytest.mark.parametrize(("horizon", "block", "rolls"), [(96, 96, 1), (192, 96, 2), (336, 96, 4), (97, 96, 2)])
def test_the_number_of_rolls_covers_the_horizon(horizon: int, block: int, rolls: int) -> None:
    assert roll_count(horizon, block) == rolls


def test_rolls_feed_predictions_back_advance_the_timestamps_and_cut_the_last_roll() -> None:
    (one,) = forecast([toy("a", 10)], QUESTIONS, 7, 1, 0, counting)
    assert one.prompts == ["a t10 10 11 12 13", "a t13 13 14 15 16", "a t16 16 17 18 19"]
    assert one.prediction == [14, 15, 16, 17, 18, 19, 20]
    assert (one.problem, one.well_formed, len(one.answers)) == (None, True, 3)


def test_the_second_roll_sees_the_models_numbers_and_not_the_truth() -> None:
    def constant(requests: Sequence[Request]) -> list[Completion]:
        return [answer([100, 101, 102])] * len(requests)

    (one,) = forecast([toy("a", 0)], QUESTIONS, 6, 1, 0, constant)
    assert one.prompts[1] == "a t3 3 100 101 102"
    assert one.prediction == [100, 101, 102, 100, 101, 102]


def test_an_answer_longer_than_the_context_replaces_it() -> None:
    questions = dataclasses.replace(QUESTIONS, horizon=6)
    (one,) = forecast(
        [toy("a", 0, horizon=12)],
        questions,
        12,
        1,
        0,
        lambda requests: [answer([5, 6, 7, 8, 9, 10])] * len(requests),
    )
    assert one.prompts[1] == "a t6 7 8 9 10"


def test_all_runs_of_all_windows_are_one_batch_per_roll_in_order() -> None:
    batches: list[int] = []

    def generate(requests: Sequence[Request]) -> list[Completion]:
        batches.append(len(requests))
        return counting(requests)

    rolled = forecast([toy("a", 0), toy("b", 5)], QUESTIONS, 6, 3, 0, generate)
    assert batches == [6, 6]
    assert [(one.window, one.run) for one in rolled] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert rolled[4].prediction == [9, 10, 11, 12, 13, 14]


def fails_for(channel: str, roll: int, completion: Completion) -> list[Rolled]:
    """Two windows, ``a`` and ``b``; the given channel gets ``completion`` in the given roll."""
    calls: list[list[str]] = []

    def generate(requests: Sequence[Request]) -> list[Completion]:
        calls.append([request.prompt.split()[0] for request in requests])
        good = counting(requests)
        return [
            completion if request.prompt.startswith(channel) and len(calls) == roll else given
            for request, given in zip(requests, good, strict=True)
        ]

    rolled = forecast([toy("a", 0), toy("b", 0)], QUESTIONS, 7, 1, 0, generate)
    assert all(channel not in call for call in calls[roll:]), "a failed run must not be asked again"
    return rolled


def test_a_failed_answer_ends_its_run_only_and_says_in_which_roll() -> None:
    first, second = fails_for("a", 2, answer([1, 2]))
    assert (first.prediction, first.problem) == (None, "roll 2: 2 values instead of 3")
    assert len(first.answers) == 2
    assert second.prediction == [4, 5, 6, 7, 8, 9, 10]


def test_a_failure_in_the_first_roll_and_one_without_a_text() -> None:
    first, _ = fails_for("a", 1, Completion("I refuse", 2))
    assert (first.prediction, first.problem, first.well_formed) == (
        None,
        "no rows",
        False,
    )
    _, second = fails_for("b", 1, Completion("", 0, problem="the prompt fills the model's context"))
    assert (second.prediction, second.problem) == (None, "the prompt fills the model's context")


def test_too_many_values_fail_as_they_do_in_training() -> None:
    first, _ = fails_for("a", 1, answer([1, 2, 3, 4]))
    assert (first.prediction, first.problem) == (None, "4 values instead of 3")


def test_a_usable_answer_that_is_not_well_formed_is_used_and_noted() -> None:
    first, _ = fails_for("b", 4, answer([]))  # nobody fails
    assert first.well_formed
    (one,) = forecast([toy("a", 0)], QUESTIONS, 3, 1, 0, lambda requests: [Completion("7, 8, 9", 3)])
    assert (one.prediction, one.problem, one.well_formed) == ([7, 8, 9], None, False)


def test_when_every_run_has_failed_nothing_more_is_asked() -> None:
    calls: list[int] = []

    def refuse(requests: Sequence[Request]) -> list[Completion]:
        calls.append(len(requests))
        return [Completion("no", 1)] * len(requests)

    rolled = forecast([toy("a", 0), toy("b", 0)], QUESTIONS, 7, 2, 0, refuse)
    assert calls == [4]
    assert all(one.prediction is None for one in rolled)


def test_every_request_has_a_seed_of_its_own_that_repeats() -> None:
    def seeds(seed: int, windows: int) -> dict[tuple[str, int], list[int]]:
        seen: dict[tuple[str, int], list[int]] = {}

        def generate(requests: Sequence[Request]) -> list[Completion]:
            for number, request in enumerate(requests):
                seen.setdefault((request.prompt.split()[0], number % 2), []).append(request.seed)
            return counting(requests)

        forecast([toy(name, 0) for name in "abc"[:windows]], QUESTIONS, 7, 2, seed, generate)
        return seen

    three = seeds(0, 3)
    every = [seed for seeds_of_run in three.values() for seed in seeds_of_run]
    assert len(set(every)) == len(every) == 3 * 2 * 3
    assert seeds(0, 3) == three
    assert seeds(1, 3) != three
    assert seeds(0, 2) == {key: value for key, value in three.items() if key[0] != "c"}


def test_request_seeds_are_fixed_numbers() -> None:
    assert request_seed(0, 0, 0, 0) == request_seed(0, 0, 0, 0)
    assert len({request_seed(*numbers) for numbers in [(0, 0, 0, 1), (0, 0, 1, 0), (0, 1, 0, 0), (1, 0, 0, 0)]}) == 4
    assert 0 <= request_seed(2**32 - 1, 9, 20_000, 3) < 2**32
