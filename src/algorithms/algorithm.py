"""The face of an algorithm: what the trainer asks between sampling and the update.

An algorithm is a class in a file of its own, named by ``algorithm.path``; what it sets are its fields, under
``algorithm.<name>`` in the YAML. Whatever it does not answer itself is answered here: keep all rollouts, weigh them
alike, leave advantages to the estimator of veRL that ``algorithm.adv_estimator`` names, and the loss to veRL.

The class is made before anything starts, to ask it about its settings: its file should import torch only where it uses
it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from src.algorithms.rollouts import Rollouts

WEIGHTED_LOSS = "src.algorithms.weighted_loss.weighted_ppo_loss"


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """One way to turn the rollouts of a step into an update.

    Args:
        seed: of the selection; the run's.
    """

    seed: int = 0

    def check(self, rollouts: int) -> None:
        """Refuse settings that cannot work, before anything starts.

        Args:
            rollouts: sampled per prompt.

        Raises:
            ConfigError: with the key to change.
        """

    def requires(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What must stand in the configuration for the algorithm to be what it says, as key -> value.

        Args:
            config: resolved, to look up one key for another.
        """
        return {}

    def sampled_per_prompt(self, rollouts: int) -> int:
        """How many sessions are sampled for each prompt.

        Args:
            rollouts: ``actor_rollout_ref.rollout.n``.
        """
        return rollouts

    def kept_per_prompt(self, rollouts: int) -> int:
        """How many of these sessions enter the update: veRL counts its batches in them."""
        return rollouts

    def most_refills(self) -> int:
        """With ``algorithm.filter_groups``: how many batches of prompts a step may sample beyond its own."""
        return 10

    def choose(self, rewards: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Choose the sessions of one prompt that enter the update; the others cost nothing after generation.

        Args:
            rewards: shape (n,), what each session came to, in the order of their numbers.
            rng: the only source of randomness: the same in a repeated run.

        Returns:
            int64 positions in ``rewards``, distinct.

        Raises:
            ValueError: the rewards cannot be chosen from.
        """
        return np.arange(rewards.size)

    def weigh(self, rewards: np.ndarray) -> np.ndarray:
        """Weights of the kept sessions of one prompt; all rows of a session have its weight in the loss.

        Args:
            rewards: shape (G,), of the kept sessions.

        Returns:
            float64, shape (G,); with mean 1 the learning rate means what it meant.
        """
        return np.ones(rewards.size)

    def advantages(self, rollouts: Rollouts) -> np.ndarray | None:
        """Advantages of the kept rows, one for all tokens of a row; None leaves them to ``algorithm.adv_estimator``.

        ``src.algorithms.advantages`` has those by group and by role.

        Args:
            rollouts: the kept rows of a step, B of them; ``weights`` do not belong into advantages.

        Returns:
            Shape (B,).
        """
        return None

    def has_advantages(self) -> bool:
        """Whether ``advantages`` has something to say: what it looks at is not read from the queue for nothing."""
        return type(self).advantages is not Algorithm.advantages

    def loss(self) -> str | None:
        """The dotted name of the loss, called as veRL calls its own ``ppo_loss``; None for that one."""
        return WEIGHTED_LOSS if type(self).weigh is not Algorithm.weigh else None

    def select(self, rollouts: Rollouts, step: int) -> Rollouts:
        """Say which rows of a step are kept, and their weights: ``choose`` and ``weigh``, prompt by prompt.

        What is kept of a prompt depends on its rewards, ``seed``, ``step`` and the group's name alone: not on other
        prompts, nor on the order of the rows. The name must therefore mean the same prompt in a repeated run (veRL's
        ``uid`` is drawn anew in each). All rows of a session share its fate. An algorithm of several roles overrides
        this: rows can be kept one by one, and ``kl_weights`` set beside ``weights``.

        Args:
            rollouts: all rows of the step.
            step: global training step, >= 0.

        Raises:
            ValueError: of ``choose``; the message names the group.
        """
        weight_of: dict[str, float] = {}  # of each session that is kept
        sessions = rollouts.sessions
        for group, ends in rollouts.of_groups().items():
            rewards = rollouts.rewards[ends]
            try:
                chosen = self.choose(rewards, group_rng(self.seed, step, group))
            except ValueError as error:
                raise ValueError(f"group {group!r}: {error}") from error
            kept = [sessions[ends[position]] for position in chosen]
            weight_of |= zip(kept, self.weigh(rewards[chosen]), strict=True)
        return replace(
            rollouts,
            kept=np.array([session in weight_of for session in sessions], dtype=bool),
            weights=np.array([weight_of.get(session, 1.0) for session in sessions], dtype=float),
        )


def group_rng(seed: int, step: int, group: Hashable) -> np.random.Generator:
    """Generator of one group at one step; the same in every process (Python's own hash is salted)."""
    digest = hashlib.blake2b(str(group).encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype=np.uint32).tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, step, *words]))
