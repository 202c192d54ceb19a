"""DAPO's soft punishment of long answers, on numbers."""

import numpy as np
import pytest

from src.algorithms.advantages import group_advantages
from src.algorithms.dapo import Dapo, overlong
from src.algorithms.rollouts import Rollouts
from src.errors import ConfigError


def rollouts(rewards: list[float], lengths: list[float], keys: list[str]) -> Rollouts:
    size = len(keys)
    return Rollouts(
        keys=keys,
        rewards=np.array(rewards),
        terms=[{}] * size,
        roles=[""] * size,
        turns=np.zeros(size, dtype=int),
        lengths=np.array(lengths),
        rows=[],
    )


def test_the_punishment_is_equation_13() -> None:
    """The paper's numbers: 16,384 tokens without, 4,096 more with it."""
    found = overlong(np.array([1, 16384, 17408, 18432, 20480, 30000]), longest=20480, buffer=4096)
    assert found.tolist() == [0.0, 0.0, -0.25, -0.5, -1.0, -1.0]


def test_long_answers_are_worse_by_their_punishment() -> None:
    batch = rollouts([1.0, 1.0, 0.0], [50, 90, 50], ["a_0_0", "a_1_0", "a_2_0"])
    found = Dapo(longest=100, buffer=20, penalty=0.5).advantages(batch)
    np.testing.assert_allclose(found, group_advantages(np.array([1.0, 0.75, 0.0]), ["a"] * 3))


def test_a_session_of_several_rows_is_punished_for_its_last() -> None:
    batch = rollouts([0.3, 1.0, 0.2, 1.0], [99, 50, 10, 100], ["a_0_0", "a_0_1", "a_1_0", "a_1_1"])
    found = Dapo(longest=100, buffer=20).advantages(batch)
    np.testing.assert_allclose(found, np.repeat(group_advantages(np.array([1.0, 0.0]), ["a", "a"]), 2))


def test_without_a_buffer_the_advantages_are_verls() -> None:
    assert Dapo(longest=100).advantages(rollouts([1.0], [5], ["a_0_0"])) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"refills": 0}, "algorithm.dapo.refills=0: give at least 1"),
        ({"longest": 10, "buffer": 10}, "algorithm.dapo.buffer=10 is not within the 10 tokens"),
        ({"longest": 10, "buffer": -1}, "algorithm.dapo.buffer=-1 is not within the 10 tokens"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Dapo(**settings).check(4)
