"""DAPO (arXiv 2503.14476): GRPO with a higher upper clip, over tokens, of prompts that teach something, without KL.

With rho = pi / pi_old and the advantages of GRPO (equation 9), over all tokens of all answers of a batch (equation 8)

    J = E[ 1/sum_i |o_i| sum_i sum_t min(rho_it A_i, clip(rho_it, 1 - eps_low, 1 + eps_high) A_i) ]
    subject to 0 < |{o_i that are right}| < G                                                      (dynamic sampling)

    R_length(o) = 0                              where |o| <= L - B                               (equation 13)
                  ((L - B) - |o|) / B            where L - B < |o| <= L
                  -1                             where |o| > L

eps_low, eps_high, the mean over tokens and the missing KL are keys of veRL's actor (``algorithm.actor``), dynamic
sampling is veRL's ``algorithm.filter_groups``, whose refills ``src.training.sampler`` counts and limits. Here is what
is left: R_length, which is added to an answer's reward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.algorithms.advantages import session_advantages
from src.algorithms.grpo import Grpo
from src.algorithms.rollouts import Rollouts
from src.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Dapo(Grpo):
    """What is no key of veRL.

    Args:
        refills: with dynamic sampling, prompts that a step may sample beyond its batch, in batches.
        longest: L, tokens of an answer at most.
        buffer: B, the last tokens of L, in which an answer is punished the more the longer it is; 0: none is.
        penalty: of an answer of L tokens; the paper's is 1.
    """

    refills: int = 10
    longest: int = 0
    buffer: int = 0
    penalty: float = 1.0

    def check(self, rollouts: int) -> None:
        super().check(rollouts)
        if self.refills < 1:
            raise ConfigError(f"algorithm.dapo.refills={self.refills}: give at least 1")
        if not 0 <= self.buffer < max(1, self.longest):
            raise ConfigError(
                f"algorithm.dapo.buffer={self.buffer} is not within the {self.longest} tokens of an answer "
                "(data.max_response_length): give fewer, or 0"
            )

    def most_refills(self) -> int:
        return self.refills

    def advantages(self, rollouts: Rollouts) -> np.ndarray | None:
        """Of the rewards with R_length; without it they are left to veRL's estimator, which is the same."""
        if not self.buffer:
            return None
        shaped = rollouts.rewards + self.penalty * overlong(rollouts.lengths, self.longest, self.buffer)
        return session_advantages(shaped, rollouts.groups, rollouts.sessions)


def overlong(lengths: np.ndarray, longest: int, buffer: int) -> np.ndarray:
    """R_length of equation 13.

    Args:
        lengths: shape (B,), tokens of each answer.
        longest: L.
        buffer: B of the equation, above 0.

    Returns:
        Shape (B,), from -1 to 0.

    >>> overlong(np.array([60, 80, 90, 100, 101]), longest=100, buffer=20).tolist()
    [0.0, 0.0, -0.5, -1.0, -1.0]
    """
    return np.clip((longest - buffer - lengths) / buffer, -1.0, 0.0)
