"""GDPO (arXiv 2601.05242): each term of a reward is compared within its group before the terms are summed.

    A_ik = (r_ik - mean(r_k)) / std(r_k)     over the answers of i's prompt, for each term k
    A_i  = whitened over the batch: sum_k w_k A_ik, less its mean, over its standard deviation

so that a term of small spread is not drowned by one of large spread. veRL has an estimator of this name; its V1 trainer
does not hand the terms to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from src.algorithms.advantages import session_advantages
from src.algorithms.grpo import Grpo
from src.algorithms.rollouts import Rollouts
from src.errors import ConfigError

_EPS = 1e-6


@dataclass(frozen=True, kw_only=True)
class Gdpo(Grpo):
    """Over sessions, as veRL's GRPO.

    Args:
        weights: term of the reward -> its weight; empty: all terms that the rewards have, alike.
    """

    weights: Mapping[str, float] = field(default_factory=dict)

    def advantages(self, rollouts: Rollouts) -> np.ndarray:
        """Of the terms; rewards without terms are compared whole.

        Raises:
            ConfigError: no reward has a term that is weighed.
        """
        found = sorted({name for one in rollouts.terms for name in one})
        if unknown := [name for name in self.weights if name not in found]:
            raise ConfigError(
                f"algorithm.gdpo.weights names '{unknown[0]}': this reward's terms are {', '.join(found) or 'none'}"
            )
        weights = dict(self.weights) or dict.fromkeys(found, 1.0)
        columns = {name: np.array([one.get(name, 0.0) for one in rollouts.terms]) for name in weights}
        total = np.zeros(len(rollouts.keys))
        for name, column in (columns or {"": rollouts.rewards}).items():
            total += weights.get(name, 1.0) * session_advantages(column, rollouts.groups, rollouts.sessions)
        return (total - total.mean()) / (total.std() + _EPS) if np.ptp(total) else total * 0
