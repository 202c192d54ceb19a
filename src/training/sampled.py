"""All rollouts of one step, as they are handed from the replay buffer to the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np


@dataclass
class Sampled:
    """All rollouts of one step, in the order of ``keys``; arrays have length B.

    kept: bool. weights: G * w_i of the kept ones, 1 elsewhere. rewards: as the reward function gave them.
    terms: the numeric terms of each reward. lengths: response tokens.
    """

    keys: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    kept: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    rewards: np.ndarray = field(default_factory=lambda: np.empty(0))
    lengths: np.ndarray = field(default_factory=lambda: np.empty(0))
    terms: list[dict[str, float]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def in_order(self, order: Sequence[int]) -> Sampled:
        """The same rollouts in another order."""
        columns: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, column in columns.items():
            columns[name] = column[list(order)] if isinstance(column, np.ndarray) else [column[row] for row in order]
        return Sampled(**columns)


def reproducible_order(sampled: Sampled) -> list[int]:
    """Rows by dataset, prompt and number of the rollout: veRL collects them as they are finished, which varies."""

    def place(row: int) -> tuple[str, int, str, list[int]]:
        info = sampled.rows[row]["extra_info"]
        group, *numbers = sampled.keys[row].split("_")
        return sampled.rows[row]["data_source"], int(info.get("index") or 0), group, list(map(int, numbers))

    return sorted(range(len(sampled.keys)), key=place)


def plain(values: Any) -> list[Any]:
    """A column of Python objects as a list; the queue returns it in one of several containers."""
    return [getattr(value, "data", value) for value in (values.tolist() if hasattr(values, "tolist") else values)]


def numeric_terms(info: dict[str, Any]) -> dict[str, float]:
    """The named terms of one reward, without the score that they add up to."""
    return {name: float(value) for name, value in info.items() if name not in ("score", "reward", "acc")}
