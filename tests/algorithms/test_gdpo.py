"""GDPO on numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from src.algorithms.advantages import group_advantages
from src.algorithms.gdpo import Gdpo
from src.algorithms.rollouts import Rollouts
from src.errors import ConfigError

TERMS = [{"acc": 1.0, "form": 0.1}, {"acc": 0.0, "form": 0.0}, {"acc": 0.0, "form": 0.1}, {"acc": 1.0, "form": 0.1}]


def rollouts_of_terms(terms: list[Any], keys: list[str]) -> Rollouts:
    size = len(keys)
    zeros = np.zeros(size)
    return Rollouts(keys, zeros, terms, [""] * size, zeros.astype(int), zeros, [])


def _expected(weights: dict[str, float]) -> np.ndarray:
    groups = ["a", "a", "a", "b"]
    total = sum(
        weight * group_advantages(np.array([one[name] for one in TERMS]), groups) for name, weight in weights.items()
    )
    return (total - np.mean(total)) / (np.std(total) + 1e-6)


def test_each_term_is_compared_before_the_terms_are_summed() -> None:
    found = Gdpo().advantages(rollouts_of_terms(TERMS, ["a_0_0", "a_1_0", "a_2_0", "b_0_0"]))
    np.testing.assert_allclose(found, _expected({"acc": 1.0, "form": 1.0}))
    assert found[2] > found[1]  # a small term counts as much as a large one
    assert abs(found.mean()) < 1e-9 and abs(found.std() - 1) < 1e-4


def test_terms_are_weighed_and_chosen() -> None:
    batch = rollouts_of_terms(TERMS, ["a_0_0", "a_1_0", "a_2_0", "b_0_0"])
    np.testing.assert_allclose(Gdpo(weights={"acc": 2.0}).advantages(batch), _expected({"acc": 2.0}))
    with pytest.raises(ConfigError, match="weights names 'length': this reward's terms are acc, form"):
        Gdpo(weights={"length": 1.0}).advantages(batch)


def test_rewards_without_terms_are_compared_whole_and_equal_ones_say_nothing() -> None:
    batch = replace(rollouts_of_terms([{}] * 3, ["a_0_0", "a_1_0", "a_2_0"]), rewards=np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(Gdpo().advantages(batch), [-1.2247, 0.0, 1.2247], atol=1e-4)
    assert Gdpo().advantages(replace(batch, rewards=np.ones(3))).tolist() == [0.0, 0.0, 0.0]
