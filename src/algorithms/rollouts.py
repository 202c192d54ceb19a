"""The rollouts of one step, as the sampler reads them, an algorithm judges them and the recorder writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from src.rewards.judge import Judgement
from src.tasks.row import Row


@dataclass
class Rollouts:
    """Rows of one step; every column has one entry per row, in the order of ``keys``; arrays have shape (B,).

    A row is what one update sees: a prompt and a response. A session is one run of the agent loop on a prompt: one row
    where the loop answers once, several where it has turns or roles. A group is all sessions of one prompt.

    Args:
        keys: veRL's, ``{group}_{session}_{row}``: they tell the rows' groups and sessions.
        rewards: float, of each row itself.
        terms: the numeric terms of each reward.
        roles: who speaks in the row; empty where the agent loop knows no roles.
        turns: int, the row's place among those of its role in its session.
        lengths: float, response tokens.
        rows: of the dataset, without prompts and images.
        judged: what judges said of each; None where there is none.
        left_out: the judged terms that were taken out of the row's group, because a judge failed in it.
        kept: bool, whether the row enters the update; all do until an algorithm has chosen.
        weights: float, of its sequence in the loss; 1 where it is not kept.
        kl_weights: float, of its sequence's KL in the loss; None: ``weights``.
        limits: tokens that its response might have; None: ``data.max_response_length``.
        trajectories: of a row that ends a session, what its agent loop tells of the whole; None where it tells nothing.
    """

    keys: list[str]
    rewards: np.ndarray
    terms: list[dict[str, float]]
    roles: list[str]
    turns: np.ndarray
    lengths: np.ndarray
    rows: list[Row]
    judged: list[Judgement | None] = field(default_factory=list)
    left_out: list[list[str]] = field(default_factory=list)
    kept: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    kl_weights: np.ndarray | None = None
    limits: list[int | None] = field(default_factory=list)
    trajectories: list[dict[str, Any] | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.judged = self.judged or [None for _ in self.keys]
        self.left_out = self.left_out or [[] for _ in self.keys]
        self.limits = self.limits or [None for _ in self.keys]
        self.trajectories = self.trajectories or [None for _ in self.keys]
        if not self.kept.size:
            self.kept = np.ones(len(self.keys), dtype=bool)
        if not self.weights.size:
            self.weights = np.ones(len(self.keys))

    @property
    def groups(self) -> list[str]:
        """The group of each row."""
        return [key.split("_")[0] for key in self.keys]

    @property
    def sessions(self) -> list[str]:
        """The session of each row, its group included: no two sessions of a batch have one name."""
        return [key.rpartition("_")[0] for key in self.keys]

    def of_groups(self) -> dict[str, list[int]]:
        """The rows that end a session, by group, in the order of the sessions' numbers.

        The last row stands for its session, as in veRL: its reward is what the session came to.
        """
        last: dict[str, tuple[int, int]] = {}  # session -> number of its last row in it, and where that stands
        for place, key in enumerate(self.keys):
            session, _, number = key.rpartition("_")
            last[session] = max(last.get(session, (-1, place)), (int(number), place))
        ending: dict[str, list[int]] = {group: [] for group in self.groups}
        for session in sorted(last, key=session_number):
            ending[session.split("_")[0]].append(last[session][1])
        return ending

    def last_rows(self) -> list[int]:
        """The rows that end a session, in the order of the batch."""
        return sorted(place for places in self.of_groups().values() for place in places)

    def take(self, places: Sequence[int]) -> Rollouts:
        """Some of the rows, or all in another order."""
        columns: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, column in columns.items():
            if isinstance(column, np.ndarray):
                columns[name] = column[list(places)]
            elif column is not None:
                columns[name] = [column[place] for place in places]
        return Rollouts(**columns)


def session_number(session: str) -> int:
    """The number of a session in its group."""
    return int(session.rpartition("_")[2])
