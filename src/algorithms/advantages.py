"""Advantages that compare rewards with their like; no torch is imported, and tensors are taken as well as arrays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch

Column = TypeVar("Column", np.ndarray, "torch.Tensor")

COMPARED = ("rows", "sessions", "rows of a session")


def rows_of_groups(groups: Sequence[Hashable], size: int | None = None) -> dict[Hashable, list[int]]:
    """Rows of each group, in batch order.

    Args:
        groups: of each row.
        size: the number of rows, where it is to be checked.

    Raises:
        ValueError: ``groups`` does not have one entry per row.
    """
    if size is not None and len(groups) != size:
        raise ValueError(f"{len(groups)} group ids for {size} rollouts: give one per rollout")
    rows: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        rows.setdefault(group, []).append(row)
    return rows


def group_advantages(rewards: Column, groups: Sequence[Hashable], eps: float = 1e-6) -> Column:
    """GRPO's advantages, A_i = (R_i - mean(R)) / (std(R) + eps) over the rewards R of i's group.

    DeepSeekMath (arXiv 2402.03300), section 4.1.2. The standard deviation is the unbiased one, as in veRL's GRPO. Two
    cases differ from veRL, on purpose: when all rewards of a group are equal, A is exactly 0 (veRL divides the rounding
    error of the mean by eps), and so is it for a group of one, which has no standard deviation (veRL returns the reward
    itself).

    Args:
        rewards: shape (B,), floating point: an array or a tensor.
        groups: length B, what each reward is compared with: those of the same group.
        eps: added to the standard deviation.

    Returns:
        Shape (B,), of the kind and dtype of ``rewards``.
    """
    advantages = rewards * 0
    unbiased: dict[str, Any] = (
        {"ddof": 1} if isinstance(rewards, np.ndarray) else {}
    )  # a tensor's deviation is unbiased by itself
    for rows in rows_of_groups(groups, len(rewards)).values():
        group = rewards[rows]
        if group.max() > group.min():
            advantages[rows] = (group - group.mean()) / (group.std(**unbiased) + eps)
    return advantages


def session_advantages(
    rewards: np.ndarray, groups: Sequence[str], sessions: Sequence[str], eps: float = 1e-6
) -> np.ndarray:
    """``group_advantages`` over sessions: one value each, the reward of its last row, shared by all of its rows.

    Args:
        rewards: shape (B,), of each row.
        groups, sessions: length B, of each row.
        eps: as in ``group_advantages``.

    Returns:
        float64, shape (B,).
    """
    last = {session: place for place, session in enumerate(sessions)}
    ends = list(last.values())
    of_ends = group_advantages(np.asarray(rewards, dtype=float)[ends], [groups[place] for place in ends], eps)
    value = dict(zip(last, of_ends, strict=True))
    return np.array([value[session] for session in sessions])


def role_advantages(
    rewards: np.ndarray,
    groups: Sequence[str],
    sessions: Sequence[str],
    roles: Sequence[str],
    compared: Mapping[str, str] | None = None,
    eps: float = 1e-6,
) -> np.ndarray:
    """``group_advantages`` role by role: a controller is compared with controllers, a reasoner with reasoners.

    Hierarchical policy optimisation (arXiv 2602.18645) is ``{"controller": "sessions", "reasoner": "rows of
    a session"}``.

    Args:
        rewards: shape (B,), of each row.
        groups, sessions, roles: length B, of each row.
        compared: role -> what its advantages compare. ``rows``: all rows of the role in the group, which is what a
            role that is not named does; ``sessions``: one value per session, the reward of the role's last row in it,
            among the sessions of the group, and all rows of the role in a session share the advantage; ``rows of a
            session``: the role's rows in one session among themselves.
        eps: as in ``group_advantages``.

    Returns:
        float64, shape (B,).

    Raises:
        ValueError: an unknown comparison.
    """
    advantages = np.zeros(len(rewards))
    for role, rows in rows_of_groups(roles, len(rewards)).items():
        how = (compared or {}).get(str(role), "rows")
        own = np.asarray(rewards, dtype=float)[rows]
        by_group, by_session = [groups[row] for row in rows], [sessions[row] for row in rows]
        if how == "rows":
            advantages[rows] = group_advantages(own, by_group, eps)
        elif how == "rows of a session":
            advantages[rows] = group_advantages(own, by_session, eps)
        elif how == "sessions":
            advantages[rows] = session_advantages(own, by_group, by_session, eps)
        else:
            raise ValueError(f"unknown comparison {how!r} of role {role!r}: choose one of {', '.join(COMPARED)}")
    return advantages
