"""What the rows of several roles amount to, and groups that teach nothing, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from src.algorithms.rollouts import Rollouts
from src.tasks.row import Row
from src.training.rollout_metrics import advantage_metrics, rollout_metrics, zero_std_share


@pytest.mark.parametrize(
    ("rewards", "groups", "share"),
    [
        ([1.0, 1.0, 2.0, 2.0], "aabb", 1.0),
        ([1.0, 2.0, 2.0, 1.0], "aabb", 0.0),
        ([1.0, 2.0, 1.0, 2.0], "abab", 1.0),
        ([0.0, 0.0, 0.0, 1e-12], "aabb", 0.5),
        ([3.0], "a", 1.0),
    ],
)
def test_groups_without_a_signal(rewards: list[float], groups: str, share: float) -> None:
    assert zero_std_share(np.array(rewards), list(groups)) == share


def sessions() -> Rollouts:
    """Two sessions of a prompt: the controller speaks three times in the first one and once in the second."""
    keys = ["1x0_0_0", "1x0_0_1", "1x0_0_2", "1x0_0_3", "1x0_1_0", "1x0_1_1"]
    return Rollouts(
        keys=keys,
        rewards=np.array([2.0, 2.0, 2.0, 1.0, 4.0, 3.0]),
        terms=[{"form": 1.0}] * 3
        + [{"right": 0.0, "session/rounds": 3.0}, {"form": 0.0}, {"right": 1.0, "session/rounds": 1.0}],
        roles=["controller"] * 3 + ["reasoner", "controller", "reasoner"],
        turns=np.array([0, 1, 2, 0, 0, 0]),
        lengths=np.array([8.0, 5.0, 5.0, 20.0, 8.0, 19.0]),
        rows=[Row("demand", "", "train", 0, [], None)] * 6,
        limits=[8, 8, 8, 20, 8, 20],
        kept=np.array([True, True, True, False, True, True]),
    )


def test_a_session_counts_once_in_its_roles_means_however_long_it_was() -> None:
    metrics = rollout_metrics(sessions(), limit=100)
    assert metrics["controller/reward/mean"] == pytest.approx(3.0)  # of 2 and 4, not of three times 2
    assert metrics["controller/reward/std"] == pytest.approx(1.0)
    assert metrics["controller/reward/form/mean"] == pytest.approx(0.5)
    assert metrics["reward/mean"] == metrics["reasoner/reward/mean"] == pytest.approx(2.0)
    assert metrics["controller/response_length/mean"] == pytest.approx(26 / 4)


def test_a_role_is_cut_off_at_its_own_limit() -> None:
    metrics = rollout_metrics(sessions(), limit=100)
    assert metrics["controller/response_length/limit_frac"] == 0.5
    assert metrics["reasoner/response_length/limit_frac"] == 0.5
    assert metrics["response_length/limit_frac"] == 0.5


def test_a_session_is_kept_where_any_of_its_rows_is() -> None:
    metrics = rollout_metrics(sessions(), limit=100)
    assert metrics["select/kept_frac"] == 1.0 and metrics["select/kept_reward/mean"] == pytest.approx(2.0)
    assert metrics["controller/select/kept_frac"] == 1.0 and metrics["reasoner/select/kept_frac"] == 0.5


def test_advantages_by_role() -> None:
    metrics = advantage_metrics(sessions(), np.array([1.0, 1.0, -1.0, 0.0, -1.0, 0.5]))
    assert metrics == {
        "controller/advantages/std": 1.0,
        "controller/advantages/zero_frac": 0.0,
        "reasoner/advantages/std": 0.25,
        "reasoner/advantages/zero_frac": 0.5,
    }
    alone = replace(sessions().take([0, 4]), roles=["", ""])
    assert advantage_metrics(alone, np.array([1.0, -1.0])) == {}  # veRL's own tell the same


def test_what_is_counted_is_no_term_of_the_reward() -> None:
    metrics = rollout_metrics(sessions(), limit=100)
    assert metrics["session/rounds/mean"] == 2.0 and metrics["session/rounds/std"] == 1.0
    assert metrics["reasoner/session/rounds/mean"] == 2.0
    assert not [name for name in metrics if "reward/session" in name]


def test_terms_of_a_session_that_one_role_or_the_other_ends_are_those_of_roles() -> None:
    """The second session ends with its controller: its form would stand for all sessions' otherwise."""
    ended = replace(sessions().take([0, 1, 2, 3, 4]), terms=[{"form": 1.0}] * 3 + [{"right": 1.0, "valid": 1.0}] * 2)
    ended.terms[4] = {"form": 0.0}
    metrics = rollout_metrics(ended, limit=100)
    assert [name for name in metrics if name.endswith(("form/mean", "right/mean"))] == [
        "controller/reward/form/mean",
        "reasoner/reward/right/mean",
    ]
    assert metrics["parse/valid_frac"] == 0.5  # a session without an answer has no valid one
