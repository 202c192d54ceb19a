"""GRPO, DeepSeekMath (arXiv 2402.03300), section 4.1.

Of each prompt q sample o_1 ... o_G from the old policy and reward them; with rho = pi / pi_old (equation 3)

    J = E[ 1/G sum_i 1/|o_i| sum_t { min(rho_it A_i, clip(rho_it, 1 - eps, 1 + eps) A_i) - beta KL(pi || pi_ref)_it } ]
    A_i = (R_i - mean(R)) / std(R)        over the rewards R of the same prompt (section 4.1.2)

Everything in it is veRL's: the advantages are its estimator ``grpo``, eps, beta and the mean over i and t its actor's
``clip_ratio``, ``kl_loss_coef`` and ``loss_agg_mode``.
"""

from dataclasses import dataclass

from src.algorithms.algorithm import Algorithm
from src.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Grpo(Algorithm):
    """Every rollout enters the update, with the same weight."""

    def check(self, rollouts: int) -> None:
        if rollouts == 1:
            raise ConfigError(
                "one rollout per prompt has no group to compare with: give actor_rollout_ref.rollout.n at least 2"
            )
