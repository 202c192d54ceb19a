"""GRIP, Time-R1 (arXiv 2506.10630 v1), section 3.4.2 and appendix C: GRPO on some of the rollouts, with weights.

Of each prompt sample kG rollouts (``actor_rollout_ref.rollout.n``), reward all, keep G by their rewards (strategies 1
and 2 of the paper, and the released code's: ``selection``); then, over the kept ones of the prompt,

    A_i = (R_i - mean(R)) / (std(R) + 1e-6)                                             (equation 7)
    w_i = exp(R_i) / sum_j exp(R_j)                                                     (equation 8: ``weights``)
    J = E[ sum_i w_i 1/|o_i| sum_t { min(rho_it A_i, clip(rho_it, 1 - eps, 1 + eps) A_i) - beta KL_it } ]
                                                                                        (equation 6)

with rho = pi / pi_old. k = 1 and w_i = 1/G is GRPO. ``grip_sequence_loss`` states equation 6 plainly; tests hold the
loss that veRL runs (``weighted_loss``) to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from src.algorithms.grpo import Grpo
from src.algorithms.selection import CLUSTERINGS, DEFAULT_CLUSTERS, STRATEGIES, select
from src.algorithms.weights import DEFAULT_FLOOR, DEFAULT_TAU, SCHEMES, trajectory_weights
from src.errors import ConfigError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Grip(Grpo):
    """GRPO on G of kG rollouts, each weighted.

    Args:
        keep: G.
        sampling, clusters, clustering: see ``selection.select``.
        weights, tau, floor: see ``weights.trajectory_weights``.
    """

    keep: int
    sampling: str = "cluster"
    clusters: int = DEFAULT_CLUSTERS
    clustering: str = "kmeans"
    weights: str = "softmax"
    tau: float = DEFAULT_TAU
    floor: float = DEFAULT_FLOOR

    def check(self, rollouts: int) -> None:
        for name, count in (("keep", self.keep), ("clusters", self.clusters)):
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise ConfigError(f"algorithm.grip.{name}={count}: give a whole number of at least 1")
        for name, chosen, known in (
            ("sampling", self.sampling, STRATEGIES),
            ("clustering", self.clustering, CLUSTERINGS),
            ("weights", self.weights, SCHEMES),
        ):
            if chosen not in known:
                raise ConfigError(f"algorithm.grip.{name}={chosen}: choose one of {', '.join(known)}")
        for name, value in (("tau", self.tau), ("floor", self.floor)):
            if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
                raise ConfigError(f"algorithm.grip.{name}={value}: give a positive number")
        if self.keep > rollouts:
            raise ConfigError(
                f"algorithm.grip.keep={self.keep} is more than the {rollouts} rollouts that are sampled per prompt: "
                f"raise actor_rollout_ref.rollout.n or lower algorithm.grip.keep"
            )
        if self.sampling == "all" and self.keep != rollouts:
            raise ConfigError(
                f"algorithm.grip.sampling=all keeps every rollout, but algorithm.grip.keep={self.keep} and "
                f"actor_rollout_ref.rollout.n={rollouts}: make them equal"
            )
        if self.keep == 1:
            raise ConfigError(
                "one rollout per prompt has no group to compare with: give actor_rollout_ref.rollout.n "
                "and algorithm.grip.keep at least 2"
            )

    def kept_per_prompt(self, rollouts: int) -> int:
        return self.keep

    def choose(self, rewards: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return select(rewards, self.keep, self.sampling, rng, clusters=self.clusters, clustering=self.clustering)

    def weigh(self, rewards: np.ndarray) -> np.ndarray:
        import torch  # only here: the configuration is checked without it

        kept = torch.from_numpy(rewards)
        return trajectory_weights(kept, self.weights, tau=self.tau, floor=self.floor).numpy()


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

    The KL term is the k3 estimator, pi_ref / pi - log(pi_ref / pi) - 1, inside the weight. With P prompts of G
    sequences, (1 / P) sum_p sum_i w_i L_i is the batch mean of G w_i L_i.

    Args:
        log_prob, old_log_prob, ref_log_prob: shape (B, T) with B = P * G, of the response tokens.
        advantages: shape (B,).
        mask: shape (B, T), 1 on the |o_i| response tokens; at least one in each row.
        sequence_weights: shape (B,), G * w_i.
        clip: epsilon.
        beta: coefficient of the KL term.

    Returns:
        Scalar tensor, differentiable in ``log_prob``.
    """
    ratio = (log_prob - old_log_prob).exp()
    advantage = advantages.unsqueeze(-1)
    surrogate = (ratio * advantage).minimum(ratio.clamp(1 - clip, 1 + clip) * advantage)
    log_ref_ratio = ref_log_prob - log_prob
    kl = log_ref_ratio.exp() - log_ref_ratio - 1
    mask = mask.to(log_prob.dtype)
    per_sequence = ((surrogate - beta * kl) * mask).sum(-1) / mask.sum(-1)
    return -(sequence_weights * per_sequence).mean()
