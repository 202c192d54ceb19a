"""Rollouts in an order, and with seeds, that do not depend on when they were finished."""

import random

import numpy as np

from src.training.sampled import Sampled, reproducible_order


def collected(places: list[tuple[str, int, int]]) -> Sampled:
    """Rollouts of (dataset, prompt, number), in the order in which they were finished."""
    count = len(places)
    return Sampled(
        keys=[f"7x{index}_{number}_0" for _source, index, number in places],
        groups=[f"7x{index}" for _source, index, _number in places],
        kept=np.ones(count, dtype=bool),
        weights=np.ones(count),
        rewards=np.array([100.0 * index + number for _source, index, number in places]),
        lengths=np.arange(count, dtype=float),
        terms=[{"mse": float(index)} for _source, index, _number in places],
        rows=[{"data_source": source, "extra_info": {"index": index}} for source, index, _number in places],
    )


def test_the_order_is_that_of_datasets_prompts_and_numbers() -> None:
    places = [(source, index, number) for source in ("a", "b") for index in (2, 10) for number in (0, 1, 10)]
    shuffled = random.Random(1).sample(places, len(places))
    sampled = collected(shuffled)
    ordered = sampled.in_order(reproducible_order(sampled))
    expected = collected(places)
    assert ordered.keys == expected.keys and ordered.groups == expected.groups and ordered.rows == expected.rows
    assert ordered.terms == expected.terms
    np.testing.assert_array_equal(ordered.rewards, expected.rewards)
    assert sorted(ordered.lengths) == sorted(sampled.lengths)


def test_prompts_without_a_number_keep_together() -> None:
    sampled = collected([("a", 0, 1), ("a", 0, 0)])
    for row in sampled.rows:
        row["extra_info"] = {}
    assert reproducible_order(sampled) == [1, 0]
