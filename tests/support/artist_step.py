"""Rows of a step of ARTIST, the reference's numbers in them, and its loss written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from recipes.artist.roles import CONTROLLER, REASONER
from src.algorithms.rollouts import Rollouts

# Right answers of G = 6 trajectories, N = 6 each, and R_rsn = 3 * acc + 1.
ROWS = ("111111", "101010", "111110", "000000", "110000", "111100")
RIGHT = np.array([[int(digit) for digit in row] for row in ROWS])
R_RSN = 3.0 * RIGHT + 1
D = RIGHT.mean(axis=1)
R_CTL = 3 * D + 1


def step(questions: int = 1, rounds: tuple[int, ...] = (1, 2, 3, 1, 2, 5), seed: int = 0) -> Rollouts:
    """Rows of a step: each trajectory has turns of the controller, then N answers, of various lengths."""
    rng = np.random.default_rng(seed)
    keys, rewards, roles, turns = [], [], [], []
    for question in range(questions):
        for g in range(len(RIGHT)):
            spoken = [(CONTROLLER, R_CTL[g])] * rounds[g] + [(REASONER, reward) for reward in R_RSN[g]]
            for place, (role, reward) in enumerate(spoken):
                keys.append(f"1x{question}_{g}_{place}")
                roles.append(role)
                rewards.append(reward)
                turns.append(place)
    size = len(keys)
    return Rollouts(
        keys=keys,
        rewards=np.array(rewards),
        terms=[{}] * size,
        roles=roles,
        turns=np.array(turns),
        lengths=rng.integers(1, 30, size).astype(float),
        rows=[{}] * size,
    )


def kept_rows(rollouts: Rollouts) -> Rollouts:
    return rollouts.take(np.flatnonzero(rollouts.kept).tolist())


def direct_loss(rollouts: Rollouts, advantages: np.ndarray, log_pi: list[Any], k3: list[Any], beta: float) -> Any:
    """L of the module's docstring for the kept rows, trajectory by trajectory; of arrays or of tensors."""
    of_trajectory: dict[str, list[Any]] = {}
    tokens: dict[str, int] = {}
    reasoned: Any = 0.0
    count = 0
    for row, (session, role) in enumerate(zip(rollouts.sessions, rollouts.roles, strict=True)):
        gain = -float(advantages[row]) * log_pi[row]
        if role == CONTROLLER:
            of_trajectory.setdefault(session, []).append(gain.sum())
            tokens[session] = tokens.get(session, 0) + len(gain)
        else:
            reasoned = reasoned + (gain + beta * k3[row]).sum()
            count += len(gain)
    spoken = sum(sum(of_trajectory[session]) / tokens[session] for session in of_trajectory) / len(of_trajectory)
    return spoken + reasoned / count
