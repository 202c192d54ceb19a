"""GRIP on a batch: which rollouts are kept, with what weight, and the objective they enter.

Time-R1 (arXiv 2506.10630 v1), section 3.4.2 and appendix C. The order of a step is the paper's: sample kG
rollouts of each prompt, compute all rewards, keep G (`select_batch`), then advantages (`group_advantages`)
and weights on the kept rollouts only, then update. `grip_sequence_loss` states equation 6 plainly; tests
hold the loss that veRL runs (`weighted_loss`) to it.
"""

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from src.algorithms.selection import DEFAULT_CLUSTERS, select
from src.algorithms.weights import DEFAULT_FLOOR, DEFAULT_TAU, rows_of_groups, trajectory_weights


@dataclass(frozen=True)
class GripSettings:
    """What `algorithm.grip` sets.

    keep: G. sampling, clusters, clustering: see `selection.select`. weights, tau, floor: see
    `weights.trajectory_weights`. seed: of the selection.
    """

    keep: int
    sampling: str = "cluster"
    clusters: int = DEFAULT_CLUSTERS
    clustering: str = "kmeans"
    weights: str = "softmax"
    tau: float = DEFAULT_TAU
    floor: float = DEFAULT_FLOOR
    seed: int = 0


@dataclass(frozen=True)
class GripSelection:
    """kept: int64 rows of the batch, shape (P * G,), increasing. weights: float64, their G * w_i, alike."""

    kept: np.ndarray
    weights: np.ndarray


def select_batch(
    rewards: np.ndarray,
    groups: Sequence[Hashable],
    settings: GripSettings,
    step: int,
    rollouts: Sequence[int] | None = None,
) -> GripSelection:
    """Keep exactly G rollouts of each of the P prompts of a batch and weight them.

    The choice for a prompt depends on its rewards, `settings.seed`, `step` and its group id alone: not on
    other prompts nor on the order in which groups arrive. The id must therefore mean the same prompt in a
    repeated run (an index of the data set; veRL's `uid` is drawn anew in each run).

    Args:
        rewards: shape (B,), in any order of groups; all rollouts of a step, B = P * kG when none failed.
        groups: length B, the prompt of each rollout.
        settings: keep, sampling, weights and seed.
        step: global training step, >= 0.
        rollouts: length B, the number of each rollout within its group. With it the choice does not depend
            on the order of the rollouts either; without it their order within the group counts.

    Returns:
        The kept rows and their weights; the weights of each group have mean 1.

    Raises:
        ValueError: when a group has fewer than G rollouts (the message names it), rollout numbers repeat
            within a group, or see `selection.select`.
    """
    rewards = np.asarray(rewards, dtype=np.float64)
    if rollouts is not None and len(rollouts) != rewards.size:
        raise ValueError(f"{len(rollouts)} rollout numbers for {rewards.size} rollouts: give one per rollout")
    scale = np.ones(rewards.size)
    kept: list[np.ndarray] = []
    for group, rows in rows_of_groups(groups, rewards.size).items():
        ordered = np.array(rows)
        if rollouts is not None:
            numbers = np.array([rollouts[row] for row in rows])
            if np.unique(numbers).size != numbers.size:
                raise ValueError(f"group {group!r}: rollout numbers repeat")
            ordered = ordered[np.argsort(numbers)]
        try:
            chosen = ordered[
                select(
                    rewards[ordered],
                    settings.keep,
                    settings.sampling,
                    group_rng(settings.seed, step, group),
                    clusters=settings.clusters,
                    clustering=settings.clustering,
                )
            ]
        except ValueError as error:
            raise ValueError(f"group {group!r}: {error}") from error
        scale[chosen] = trajectory_weights(
            torch.from_numpy(rewards[chosen]), settings.weights, tau=settings.tau, floor=settings.floor
        ).numpy()
        kept.append(chosen)
    rows_kept = np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.int64)
    return GripSelection(rows_kept, scale[rows_kept])


def group_rng(seed: int, step: int, group: Hashable) -> np.random.Generator:
    """Generator of one group at one step; the same in every process (Python's own hash is salted)."""
    digest = hashlib.blake2b(str(group).encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype=np.uint32).tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, step, *words]))


def group_advantages(rewards: torch.Tensor, groups: Sequence[Hashable], eps: float = 1e-6) -> torch.Tensor:
    """Advantages of equation 7: A_i = (R_i - mean(R)) / (std(R) + eps) over the kept rollouts of i's
    prompt.

    The standard deviation is the unbiased one, as in veRL's GRPO. Two cases differ from veRL, on purpose:
    when all rewards of a group are equal, A is exactly 0 (veRL divides the rounding error of the mean by
    eps), and so is it for a group of one rollout, which has no standard deviation (veRL returns the reward
    itself).

    Args:
        rewards: shape (B,), floating point, rewards of the kept rollouts.
        groups: length B.
        eps: added to the standard deviation.

    Returns:
        Tensor of shape (B,), dtype of `rewards`.
    """
    advantages = torch.zeros_like(rewards)
    for rows in rows_of_groups(groups, len(rewards)).values():
        group = rewards[rows]
        if group.max() > group.min():
            advantages[rows] = (group - group.mean()) / (group.std() + eps)
    return advantages


def grip_sequence_loss(
    log_prob: torch.Tensor,
    old_log_prob: torch.Tensor,
    ref_log_prob: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor,
    sequence_weights: torch.Tensor,
    *,
    clip: float = 0.2,
    beta: float = 0.04,
) -> torch.Tensor:
    """Minus the objective of equation 6, averaged over the prompts of the batch: a reference for tests.

    For each prompt: sum_i w_i / |o_i| sum_t { min(rho_it A_i, clip(rho_it, 1 - eps, 1 + eps) A_i) - beta
    KL_it } with rho = pi / pi_old and the k3 estimator KL = pi_ref / pi - log(pi_ref / pi) - 1, inside the
    weight. With P prompts of G sequences, (1 / P) sum_p sum_i w_i L_i is the batch mean of G w_i L_i.

    Args:
        log_prob, old_log_prob, ref_log_prob: shape (B, T) with B = P * G, of the response tokens.
        advantages: shape (B,).
        mask: shape (B, T), 1 on the |o_i| response tokens; at least one in each row.
        sequence_weights: shape (B,), G * w_i.
        clip: epsilon.
        beta: coefficient of the KL term.

    Returns:
        Scalar tensor, differentiable in `log_prob`.
    """
    ratio = torch.exp(log_prob - old_log_prob)
    advantage = advantages.unsqueeze(-1)
    surrogate = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    log_ref_ratio = ref_log_prob - log_prob
    kl = torch.exp(log_ref_ratio) - log_ref_ratio - 1
    mask = mask.to(log_prob.dtype)
    per_sequence = ((surrogate - beta * kl) * mask).sum(-1) / mask.sum(-1)
    return -(sequence_weights * per_sequence).mean()
