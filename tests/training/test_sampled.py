"""Rollouts as the queue hands them out, in an order that does not depend on when they were finished."""

import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from src.algorithms.rollouts import Rollouts
from src.rewards.adapter import PROBLEM, RewardError
from src.tasks.row import Row
from src.training.sampled import SameTerms, numeric_terms, plain, read_rollouts, reproducible_order


def collected(places: list[tuple[str, int, int]]) -> Rollouts:
    """Rollouts of (dataset, prompt, number), in the order in which they were finished."""
    count = len(places)
    return Rollouts(
        keys=[f"7x{index}_{number}_0" for _source, index, number in places],
        rewards=np.array([100.0 * index + number for _source, index, number in places]),
        terms=[{"mse": float(index)} for _source, index, _number in places],
        roles=[""] * count,
        turns=np.zeros(count, dtype=int),
        lengths=np.arange(count, dtype=float),
        rows=[Row(source, "", "train", index, [], None) for source, index, _number in places],
    )


def test_the_order_is_that_of_datasets_prompts_and_numbers() -> None:
    places = [(source, index, number) for source in ("a", "b") for index in (2, 10) for number in (0, 1, 10)]
    shuffled = random.Random(1).sample(places, len(places))
    sampled = collected(shuffled)
    ordered = sampled.take(reproducible_order(sampled))
    expected = collected(places)
    assert ordered.keys == expected.keys and ordered.groups == expected.groups and ordered.rows == expected.rows
    assert ordered.terms == expected.terms
    np.testing.assert_array_equal(ordered.rewards, expected.rewards)
    assert sorted(ordered.lengths) == sorted(sampled.lengths)


def _columns(rows: list[dict]) -> dict:
    """Columns of the queue, in the containers that it returns: nested tensors, and lists of Python objects."""
    scores = [torch.tensor([0.0] * 2 + [row["reward"]]) for row in rows]
    return {
        "rm_scores": torch.nested.as_nested_tensor(scores, layout=torch.jagged),
        "extra_fields": [row["extra"] for row in rows],
        "data_source": ["demand"] * len(rows),
        "reward_model": [{"ground_truth": "[1.0]"}] * len(rows),
        "extra_info": [{"index": 3, "split": "train", "task": "", "info": '{"period": 2}'}] * len(rows),
    }


def test_rows_of_one_session_keep_their_own_reward_role_turn_and_terms() -> None:
    of_session = {"reward_extra_info": {"score": 0.5, "mse": 0.5}}
    rows = [
        {"reward": 0.5, "extra": {**of_session, "role": "reasoner", "turn": 0, "row_terms": {"mse": 0.25}}},
        {"reward": -1.0, "extra": {**of_session, "role": "controller", "turn": 1, "row_terms": {}}},
        {"reward": 0.75, "extra": of_session},
    ]
    tags = [{"response_len": length} for length in (5, 6, 7)]
    read = read_rollouts(["7x0_1_1", "7x0_1_0", "7x0_0_0"], tags, _columns(rows))
    assert read.keys == ["7x0_0_0", "7x0_1_0", "7x0_1_1"]
    assert read.rewards.tolist() == [0.75, -1.0, 0.5]
    assert read.roles == ["", "controller", "reasoner"] and read.turns.tolist() == [0, 1, 0]
    assert read.terms == [{"mse": 0.5}, {}, {"mse": 0.25}]
    assert read.lengths.tolist() == [7.0, 6.0, 5.0] and read.kept.all()
    assert read.rows[0] == Row("demand", "", "train", 3, (), [1.0], {"period": 2})
    assert read.groups == ["7x0"] * 3 and read.sessions == ["7x0_0", "7x0_1", "7x0_1"]
    assert read.last_rows() == [0, 2]


def test_a_reward_that_failed_ends_the_run_with_its_sentence() -> None:
    failed = {"reward": math.nan, "extra": {"reward_extra_info": {"score": math.nan, PROBLEM: "the reward f failed"}}}
    rows = [{"reward": 0.5, "extra": {"reward_extra_info": {"score": 0.5}}}, failed]
    with pytest.raises(RewardError, match=r"^the reward f failed$"):
        read_rollouts(["7x0_0_0", "7x0_1_0"], [{"response_len": 5}] * 2, _columns(rows))


def test_answers_of_different_workers_are_held_to_the_same_terms() -> None:
    same = SameTerms("f of mine.py")
    same.check(collected([("a", 1, 0), ("a", 2, 0)]))
    later = collected([("a", 3, 0), ("a", 4, 0)])
    later.terms[1] = {"mse": 1.0, "late": 0.0}
    says = "the reward f of mine.py gave no reward for row 4 of a, train: it has the term 'late', and row 1 of a, train"
    with pytest.raises(RewardError, match=f"^{says} has not; give the same terms"):
        same.check(later)
    later.terms[1] = {}
    with pytest.raises(RewardError, match="it lacks the term 'mse', and row 1 of a, train has it"):
        same.check(later)


def test_each_role_has_terms_of_its_own() -> None:
    of_roles = replace(collected([("a", 1, 0), ("a", 1, 1)]), roles=["controller", "reasoner"])
    of_roles.terms[0] = {"segments": 1.0}
    same = SameTerms()
    same.check(of_roles)
    of_roles.terms[0] = {}
    with pytest.raises(RewardError, match="row 1 of a, train, controller: it lacks the term 'segments'"):
        same.check(of_roles)


@pytest.mark.parametrize(("reward", "term", "name"), [(math.inf, 1.0, "score"), (0.0, math.nan, "mse")])
def test_a_number_of_an_agent_loop_that_is_not_finite_is_named(reward: float, term: float, name: str) -> None:
    own = collected([("a", 1, 0)])
    own.rewards[0], own.terms[0]["mse"] = reward, term
    with pytest.raises(RewardError, match=f"row 1 of a, train: the term '{name}' is (inf|nan), which is not finite"):
        SameTerms().check(own)


def test_terms_leave_the_score_out() -> None:
    assert numeric_terms({"score": 0.5, "reward": 0.5, "acc": 1, "mse": np.float32(0.25), "valid": True}) == {
        "mse": 0.25,
        "valid": 1.0,
    }


def test_a_column_of_the_queue_is_a_list_in_each_of_its_containers() -> None:
    class Wrapped:
        def __init__(self, data: Any) -> None:
            self.data = data

    assert plain(np.array(["a", "b"], dtype=object)) == ["a", "b"]
    assert plain([{"x": 1}, {"x": 2}]) == [{"x": 1}, {"x": 2}]
    assert plain([Wrapped("a"), Wrapped({"x": 1})]) == ["a", {"x": 1}]
