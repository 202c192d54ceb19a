"""What an algorithm answers when it says nothing, and what ten lines change."""

import subprocess
import sys

import numpy as np
import pytest

from src.algorithms.algorithm import WEIGHTED_LOSS, Algorithm, group_rng
from src.algorithms.grip import Grip
from src.algorithms.grpo import Grpo
from src.algorithms.rollouts import Rollouts
from src.errors import ConfigError


def rows(keys: list[str], rewards: list[float]) -> Rollouts:
    size = len(keys)
    return Rollouts(
        keys=keys,
        rewards=np.array(rewards),
        terms=[{}] * size,
        roles=[""] * size,
        turns=np.zeros(size, dtype=int),
        lengths=np.ones(size),
        rows=[{}] * size,
    )


class BestTwo(Algorithm):
    """The two best sessions of each prompt, weighed by their rank."""

    def kept_per_prompt(self, rollouts: int) -> int:
        return 2

    def choose(self, rewards: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.argsort(rewards)[-2:]

    def weigh(self, rewards: np.ndarray) -> np.ndarray:
        return np.array([0.5, 1.5])


def test_by_itself_it_keeps_all_and_leaves_the_rest_to_verl() -> None:
    algorithm = Algorithm()
    rollouts = rows(["a_0_0", "a_1_0"], [0.0, 1.0])
    chosen = algorithm.select(rollouts, step=1)
    assert chosen.kept.tolist() == [True, True] and chosen.weights.tolist() == [1.0, 1.0]
    assert algorithm.advantages(chosen) is None and algorithm.loss() is None
    assert (algorithm.sampled_per_prompt(8), algorithm.kept_per_prompt(8)) == (8, 8)
    algorithm.check(1)


def test_weights_bring_the_loss_that_takes_them() -> None:
    assert BestTwo().loss() == Grip(keep=2).loss() == WEIGHTED_LOSS
    assert Grpo().loss() is None


def test_all_rows_of_a_session_share_its_fate_and_its_weight() -> None:
    # Sessions end with 3, 1, 2 and 5; the rewards of their other rows have no say, nor has the order of the rows.
    keys = ["a_0_0", "a_0_1", "a_1_0", "a_1_1", "a_2_0", "b_10_0", "b_2_0", "a_0_2"]
    chosen = BestTwo().select(rows(keys, [9.0, 9.0, 9.0, 1.0, 2.0, 5.0, 4.0, 3.0]), step=1)
    assert dict(zip(keys, chosen.kept, strict=True)) == {
        "a_0_0": True, "a_0_1": True, "a_0_2": True, "a_1_0": False, "a_1_1": False, "a_2_0": True,
        "b_10_0": True, "b_2_0": True,
    }  # fmt: skip
    assert chosen.weights.tolist() == [1.5, 1.5, 1.0, 1.0, 0.5, 1.5, 0.5, 1.5]


def test_sessions_are_offered_in_the_order_of_their_numbers() -> None:
    seen: list[list[float]] = []

    class Look(Algorithm):
        def choose(self, rewards: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            seen.append(rewards.tolist())
            return np.arange(rewards.size)

    Look().select(rows(["a_10_0", "a_2_0", "b_0_0", "a_1_0"], [10.0, 2.0, 0.5, 1.0]), step=1)
    assert seen == [[1.0, 2.0, 10.0], [0.5]]


def test_generator_is_the_same_in_another_process() -> None:
    code = "from src.algorithms.algorithm import group_rng; print(group_rng(1, 2, 'etth1-17').integers(2**62))"
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": "."}
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout
    assert int(printed) == group_rng(1, 2, "etth1-17").integers(2**62) == 1669812858876398114


def test_grpo_needs_a_group() -> None:
    message = "one rollout per prompt has no group to compare with: give actor_rollout_ref.rollout.n at least 2"
    with pytest.raises(ConfigError) as error:
        Grpo().check(1)
    assert str(error.value) == message
    Grpo().check(2)
