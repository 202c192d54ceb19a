"""Rollouts as veRL's queue hands them out, read into ``Rollouts`` and put into an order that does not vary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from src.algorithms.rollouts import Rollouts
from src.rewards.adapter import JUDGED, PROBLEM, RewardError, other_terms, place_of
from src.rewards.judge import Judgement
from src.tasks.row import Row

# The columns that are read.
FIELDS = ("rm_scores", "extra_fields", "data_source", "reward_model", "extra_info")


def read_rollouts(keys: Sequence[str], tags: Sequence[dict[str, Any]], data: Any) -> Rollouts:
    """The rollouts of some of the queue's rows, in an order that does not vary.

    An agent loop that returns several rows of a session tells them apart by ``src.training.row_output``.

    Args:
        keys, tags: the rows', as the queue has them.
        data: their ``FIELDS``.

    Raises:
        RewardError: the reward of one of them failed.
    """
    extra = plain(data["extra_fields"])
    for one in extra:
        if problem := (one.get("reward_extra_info") or {}).get(PROBLEM):
            raise RewardError(problem)
    columns = (plain(data[name]) for name in ("data_source", "reward_model", "extra_info"))
    rollouts = Rollouts(
        keys=list(keys),
        rewards=np.array([float(scores.sum()) for scores in data["rm_scores"].unbind()]),
        terms=[numeric_terms(_terms(one)) for one in extra],
        judged=[Judgement.of_text(_terms(one)[JUDGED]) if JUDGED in _terms(one) else None for one in extra],
        roles=[one.get("role", "") for one in extra],
        turns=np.array([one.get("turn", 0) for one in extra], dtype=int),
        limits=[one.get("limit") for one in extra],
        trajectories=[one.get("trajectory") for one in extra],
        lengths=np.array([tag["response_len"] for tag in tags], dtype=float),
        rows=[
            Row.of_columns(source, reward["ground_truth"], info) for source, reward, info in zip(*columns, strict=True)
        ],
    )
    return rollouts.take(reproducible_order(rollouts))


@dataclass
class SameTerms:
    """Holds the answers of a stage to the terms of the first one, whichever process has scored it.

    Args:
        reward: the function's name, for messages.
        first: role -> the terms of its first row, and which that was; rows of one role have the same.
    """

    reward: str = "of the run"
    first: dict[str, tuple[set[str], str]] = field(default_factory=dict)

    def check(self, rollouts: Rollouts) -> None:
        """Look through the rollouts of a step.

        Raises:
            RewardError: one has other terms, or a number that is not finite, as an agent loop's own may be.
        """
        for reward, terms, role, row in zip(
            rollouts.rewards, rollouts.terms, rollouts.roles, rollouts.rows, strict=True
        ):
            where = f"{place_of(row)}, {role}" if role else place_of(row)
            for name, value in {"score": float(reward), **terms}.items():
                if not math.isfinite(value):
                    raise RewardError(
                        f"the reward {self.reward} gave no reward for {where}: the term {name!r} is {value}, which is "
                        "not finite"
                    )
            first = self.first.setdefault(role, (set(terms), where))
            if difference := other_terms(terms, *first):
                raise RewardError(f"the reward {self.reward} gave no reward for {where}: {difference}")


def reproducible_order(rollouts: Rollouts) -> list[int]:
    """Rows by dataset, prompt and number of the rollout: veRL collects them as they are finished, which varies."""

    def place(row: int) -> tuple[str, int, str, list[int]]:
        group, *numbers = rollouts.keys[row].split("_")
        return rollouts.rows[row].source, rollouts.rows[row].index, group, list(map(int, numbers))

    return sorted(range(len(rollouts.keys)), key=place)


def _terms(extra: dict[str, Any]) -> dict[str, Any]:
    own = extra.get("row_terms")
    return extra["reward_extra_info"] if own is None else own


def plain(values: Any) -> list[Any]:
    """A column of Python objects as a list; the queue returns it in one of several containers."""
    return [getattr(value, "data", value) for value in (values.tolist() if hasattr(values, "tolist") else values)]


def numeric_terms(info: dict[str, Any]) -> dict[str, float]:
    """The named terms of one reward, without the score that they add up to."""
    return {name: float(value) for name, value in info.items() if name not in ("score", "reward", "acc", JUDGED)}
