"""Advantages by group and by role."""

import numpy as np
import pytest
import torch

from src.algorithms.advantages import group_advantages, role_advantages

ROOT_HALF = 0.5**0.5


def test_advantages_by_hand():
    # Group a: 1, 2, 3: mean 2, unbiased standard deviation 1. Group b: 0, 4: mean 2, deviation sqrt(8).
    rewards = torch.tensor([1.0, 0.0, 2.0, 4.0, 3.0], dtype=torch.float64)
    advantages = group_advantages(rewards, ["a", "b", "a", "b", "a"], eps=0.0)
    torch.testing.assert_close(advantages, torch.tensor([-1.0, -ROOT_HALF, 0.0, ROOT_HALF, 1.0], dtype=torch.float64))


def test_arrays_and_tensors_have_the_same_advantages():
    rewards = np.random.default_rng(0).normal(size=12)
    groups = [number % 3 for number in range(12)]
    of_array, of_tensor = group_advantages(rewards, groups), group_advantages(torch.from_numpy(rewards), groups)
    assert isinstance(of_array, np.ndarray) and isinstance(of_tensor, torch.Tensor)
    np.testing.assert_allclose(of_array, of_tensor.numpy(), rtol=1e-12)


def test_advantages_without_spread_are_exactly_zero():
    # The float32 mean of seven times 0.1 is not 0.1; divided by eps that error would be a gradient.
    rewards = torch.tensor([0.1] * 7 + [0.9])
    assert torch.equal(group_advantages(rewards, [0] * 7 + [1]), torch.zeros(8))


def test_eps_bounds_the_advantage_of_a_tiny_spread():
    rewards = torch.tensor([0.0, 1e-9], dtype=torch.float64)
    assert group_advantages(rewards, [0, 0]).abs().max().item() < 1e-3


def test_a_group_for_each_reward_is_asked_for():
    with pytest.raises(ValueError, match="2 group ids for 3 rollouts: give one per rollout"):
        group_advantages(np.zeros(3), ["a", "b"])


# Two sessions of one prompt: a controller that speaks twice (its reward is the session's), a reasoner that answers
# three times; the rows of the two roles are mixed.
ROLES = ["controller", "reasoner", "controller", "reasoner", "reasoner"] * 2
SESSIONS = ["a_0"] * 5 + ["a_1"] * 5
REWARDS = np.array([9.0, 1.0, 1.0, 2.0, 3.0, 9.0, 5.0, 3.0, 5.0, 8.0])


def by_role(**compared: str) -> np.ndarray:
    return role_advantages(REWARDS, ["a"] * 10, SESSIONS, ROLES, compared, eps=0.0)


def test_roles_are_not_compared_with_each_other():
    advantages = by_role()
    # Controllers: 9, 1, 9, 3: mean 5.5, unbiased variance 51 / 3.
    np.testing.assert_allclose(advantages[[0, 2, 5, 7]], np.array([3.5, -4.5, 3.5, -2.5]) / 17**0.5)
    # Reasoners: 1, 2, 3, 5, 5, 8: mean 4, variance 32 / 5.
    np.testing.assert_allclose(advantages[[1, 3, 4, 6, 8, 9]], np.array([-3, -2, -1, 1, 1, 4]) / 6.4**0.5)


def test_a_controllers_sessions_are_compared_by_their_last_row_and_share_it():
    # 1 against 3: mean 2, deviation sqrt(2).
    advantages = by_role(controller="sessions")
    np.testing.assert_allclose(advantages[[0, 2, 5, 7]], [-ROOT_HALF, -ROOT_HALF, ROOT_HALF, ROOT_HALF])


def test_a_reasoners_samples_are_compared_within_their_session():
    # 1, 2, 3: deviation 1. 5, 5, 8: mean 6, variance 3.
    advantages = by_role(controller="sessions", reasoner="rows of a session")
    root_third = 3**-0.5
    np.testing.assert_allclose(
        advantages[[1, 3, 4, 6, 8, 9]], [-1.0, 0.0, 1.0, -root_third, -root_third, 2 * root_third], atol=1e-12
    )
    np.testing.assert_allclose(advantages[[0, 7]], [-ROOT_HALF, ROOT_HALF])


def test_one_session_has_nothing_to_be_compared_with():
    advantages = role_advantages(REWARDS[:5], ["a"] * 5, SESSIONS[:5], ROLES[:5], {"controller": "sessions"})
    assert advantages[[0, 2]].tolist() == [0.0, 0.0]


def test_groups_are_not_compared_either():
    groups = ["a"] * 5 + ["b"] * 5
    apart = role_advantages(REWARDS, groups, SESSIONS, ROLES)
    np.testing.assert_array_equal(apart[:5], role_advantages(REWARDS[:5], groups[:5], SESSIONS[:5], ROLES[:5]))


def test_an_unknown_comparison_is_refused():
    with pytest.raises(ValueError, match="unknown comparison 'turns' of role 'reasoner': choose one of rows, sessions"):
        by_role(reasoner="turns")
