"""GRIP's adaptive trajectory weights.

Time-R1 (arXiv 2506.10630 v1), equation 8: w_i = exp(x_i) / sum_j exp(x_j) with x_i = R(o_i), over the G
kept rollouts of one prompt. In equation 6 sum_i w_i replaces GRPO's mean over i, so these functions return
G * w_i: their mean is 1, and a sequence loss averaged over the batch needs only to be multiplied by them.
Weights carry no gradient.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from src.algorithms.advantages import rows_of_groups

if TYPE_CHECKING:  # the configuration is checked against the names below, without torch
    import torch

SCHEMES = ("softmax", "advantage", "uniform")
DEFAULT_TAU = 1.0  # Equation 8 has no temperature.
DEFAULT_FLOOR = 0.1  # The paper's later revision calls it lambda; its value is not known.


def trajectory_weights(
    rewards: torch.Tensor, scheme: str = "softmax", *, tau: float = DEFAULT_TAU, floor: float = DEFAULT_FLOOR
) -> torch.Tensor:
    """Weights G * w_i of the kept rollouts of one prompt.

    Args:
        rewards: shape (G,), floating point, finite.
        scheme: "softmax": w_i = exp(R_i / tau) / sum_j exp(R_j / tau) (equation 8, tau = 1);
            "advantage": w_i = (max(R_i - mean(R), 0) + floor) / sum_j (...) (the paper's later revision,
            known at second hand only); "uniform": w_i = 1 / G (GRPO).
        tau: temperature of "softmax", > 0, in units of reward.
        floor: lambda of "advantage", > 0, in units of reward: what a rollout below the mean keeps.

    Returns:
        Tensor of shape (G,), dtype of ``rewards``, mean 1, all positive; exactly 1 where all rewards are
        equal.

    Raises:
        ValueError: for an unknown scheme, a parameter that is not positive, or rewards that are empty, not
            one-dimensional or not finite.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"unknown weights {scheme!r}: choose one of {', '.join(SCHEMES)}")
    if tau <= 0 or floor <= 0:
        raise ValueError(f"tau and floor must be positive, not {tau} and {floor}")
    if rewards.ndim != 1 or rewards.numel() == 0:
        raise ValueError(f"rewards must have shape (G,) with G >= 1, not {tuple(rewards.shape)}")
    if not rewards.isfinite().all():
        raise ValueError("rewards must be finite: a NaN or infinite reward would take the whole weight")
    exact = rewards.detach().double()
    if scheme == "uniform" or exact.max() == exact.min():
        raw = exact.new_ones(exact.shape)
    elif scheme == "softmax":
        raw = ((exact - exact.max()) / tau).exp()
    else:
        raw = (exact - exact.mean()).clamp_min(0.0) + floor
    return (raw / raw.mean()).to(rewards.dtype)


def grouped_weights(
    rewards: torch.Tensor,
    groups: Sequence[Hashable],
    scheme: str = "softmax",
    *,
    tau: float = DEFAULT_TAU,
    floor: float = DEFAULT_FLOOR,
) -> torch.Tensor:
    """``trajectory_weights`` within each group of a batch.

    Args:
        rewards: shape (B,), rewards of the kept rollouts of several prompts, in any order.
        groups: length B, the prompt that each rollout answers.
        scheme, tau, floor: see ``trajectory_weights``.

    Returns:
        Tensor of shape (B,): each group's weights have mean 1.
    """
    weights = rewards.new_empty(rewards.shape)
    for rows in rows_of_groups(groups, len(rewards)).values():
        weights[rows] = trajectory_weights(rewards[rows], scheme, tau=tau, floor=floor)
    return weights
