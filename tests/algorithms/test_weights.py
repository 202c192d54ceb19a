"""Adaptive trajectory weights."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from src.algorithms.weights import SCHEMES, grouped_weights, trajectory_weights

REWARDS = st.lists(st.floats(-1.0, 1.1), min_size=1, max_size=48).map(lambda r: torch.tensor(r, dtype=torch.float64))


def test_softmax_by_hand():
    # exp(0), exp(ln 2), exp(ln 5): w = 1/8, 2/8, 5/8; times G = 3.
    rewards = torch.tensor([0.0, math.log(2), math.log(5)], dtype=torch.float64)
    torch.testing.assert_close(
        trajectory_weights(rewards, "softmax"), torch.tensor([3 / 8, 6 / 8, 15 / 8], dtype=torch.float64)
    )


def test_softmax_temperature_by_hand():
    # tau = 1/2 squares the odds: 1, 4, 25; sum 30.
    rewards = torch.tensor([0.0, math.log(2), math.log(5)], dtype=torch.float64)
    torch.testing.assert_close(
        trajectory_weights(rewards, "softmax", tau=0.5), torch.tensor([0.1, 0.4, 2.5], dtype=torch.float64)
    )


def test_largest_weight_ratio_of_the_reward_range():
    # Rewards lie in [-1, 1.1], so no two weights differ by more than exp(2.1) = 8.17.
    weights = trajectory_weights(torch.tensor([-1.0, 1.1], dtype=torch.float64))
    assert (weights[1] / weights[0]).item() == pytest.approx(8.1661699, rel=1e-6)


def test_advantage_by_hand():
    # mean 0.4; positive parts 0, 0, 0.6; plus 0.1: 0.1, 0.1, 0.7; sum 0.9; times G = 3.
    weights = trajectory_weights(torch.tensor([0.0, 0.2, 1.0], dtype=torch.float64), "advantage", floor=0.1)
    torch.testing.assert_close(weights, torch.tensor([1 / 3, 1 / 3, 7 / 3], dtype=torch.float64))


@given(REWARDS)
def test_uniform_is_exactly_one(rewards):
    assert torch.equal(trajectory_weights(rewards, "uniform"), torch.ones_like(rewards))


@given(st.floats(-1.0, 1.1), st.integers(1, 48), st.sampled_from(SCHEMES))
def test_equal_rewards_weigh_exactly_one(reward, size, scheme):
    rewards = torch.full((size,), reward)
    assert torch.equal(trajectory_weights(rewards, scheme), torch.ones(size))


@given(REWARDS, st.sampled_from(SCHEMES))
def test_mean_one_positive_and_never_lower_for_a_better_reward(rewards, scheme):
    weights = trajectory_weights(rewards, scheme)
    assert weights.mean().item() == pytest.approx(1.0)
    assert (weights > 0).all()
    assert (weights[torch.argsort(rewards, stable=True)].diff() >= 0).all()


@given(REWARDS, st.floats(-3.0, 3.0), st.sampled_from(SCHEMES))
def test_a_constant_added_to_all_rewards_changes_nothing(rewards, shift, scheme):
    torch.testing.assert_close(
        trajectory_weights(rewards + shift, scheme), trajectory_weights(rewards, scheme), rtol=1e-6, atol=1e-9
    )


def test_large_rewards_do_not_overflow():
    weights = trajectory_weights(torch.tensor([1e4, 1e4 - 1.0]))
    torch.testing.assert_close(weights, torch.tensor([1.4621172, 0.5378828]))


def test_no_gradient_and_the_dtype_of_the_rewards():
    weights = trajectory_weights(torch.tensor([0.1, 0.4], requires_grad=True))
    assert not weights.requires_grad
    assert weights.dtype == torch.float32


def test_groups_do_not_touch_each_other():
    rewards = torch.tensor([0.0, 7.0, math.log(3), 7.0], dtype=torch.float64)
    weights = grouped_weights(rewards, ["a", "b", "a", "b"])
    torch.testing.assert_close(weights, torch.tensor([0.5, 1.0, 1.5, 1.0], dtype=torch.float64))


@given(st.lists(st.tuples(st.floats(-1.0, 1.1), st.integers(0, 3)), min_size=1, max_size=24), st.randoms())
def test_order_of_a_batch_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    rewards = torch.tensor([reward for reward, _ in rows], dtype=torch.float64)
    groups = [group for _, group in rows]
    torch.testing.assert_close(
        grouped_weights(rewards[order], [groups[i] for i in order]),
        grouped_weights(rewards, groups)[order],
        rtol=1e-12,
        atol=0,
    )


@pytest.mark.parametrize(
    ("rewards", "options", "message"),
    [
        ([0.1], {"scheme": "best"}, "unknown weights 'best': choose one of softmax, advantage, uniform"),
        ([0.1], {"tau": 0.0}, "tau and floor must be positive, not 0.0 and 0.1"),
        ([0.1], {"scheme": "advantage", "floor": 0.0}, "tau and floor must be positive, not 1.0 and 0.0"),
        ([], {}, "rewards must have shape"),
        ([0.1, float("nan")], {}, "rewards must be finite"),
    ],
)
def test_what_cannot_be_is_refused(rewards, options, message):
    with pytest.raises(ValueError, match=message):
        trajectory_weights(torch.tensor(rewards), **options)


def test_one_group_id_per_rollout():
    with pytest.raises(ValueError, match="1 group ids for 2 rollouts"):
        grouped_weights(torch.zeros(2), ["a"])
