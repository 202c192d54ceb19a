"""Hierarchical policy optimisation, ARTIST (arXiv 2602.18645): one policy in two roles, one update.

Of a question q sample G trajectories. In trajectory g the controller speaks in M_g tokens over all rounds and earns
R_ctl^g, and the reasoner answers N times from the segments S_g that g ends with, earning R_rsn^(g,n). With A(R) = (R -
mean(R)) / (std(R) + eps), std unbiased, and 0 where all are equal:

    A_ctl^g     = A(R_ctl^1 ... R_ctl^G)_g            on every token of the controller, in every round
    r_sigma^g   = std_n(R_rsn^(g,n))                  of the population
    p(g)       ~ r_sigma^g + 1e-6                     g* ~ p, one trajectory a question; the others' answers are dropped
    A_rsn^n     = A(R_rsn^(g*,1) ... R_rsn^(g*,N))_n
    L_ctl       = mean_g [ 1/M_g sum_t -A_ctl^g log pi_t ]                       over all trajectories of the batch
    L_rsn       = 1/T_rsn sum_t ( -A_rsn^n log pi_t + beta k3_t )                over the T_rsn tokens that are left
    L           = L_ctl + L_rsn

With one update per batch veRL's clipped ratio is 1 and has this gradient. Its ``token-mean`` divides by all T tokens of
a batch, so that row weights T / (G_all M_g) for the controller and T / T_rsn for the reasoner make its mean L, and the
KL term has the reasoner's weights and 0. Rows without tokens in the loss, as veRL adds them, change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recipes.artist.roles import CONTROLLER, REASONER
from src.algorithms.advantages import role_advantages, rows_of_groups
from src.algorithms.algorithm import WEIGHTED_LOSS, Algorithm, group_rng
from src.algorithms.rollouts import Rollouts, session_number
from src.errors import ConfigError

SELECTIONS = ("variance", "uniform", "all_weighted")
EPS = 1e-8
FLOOR = 1e-6  # of a trajectory whose answers all earn the same


@dataclass(frozen=True, kw_only=True)
class Artist(Algorithm):
    """See the module's docstring.

    Args:
        selection: of the trajectory whose answers are trained on. ``variance``: g* ~ p(g), the paper; ``uniform``: any
            of the G alike, its ablation; ``all_weighted``: the answers of all G, weighted by p(g): what ``variance``
            comes to on average, without the draw, for the cost of G times as many rows.
        roles: that learn; both, in the paper. The other one still acts.
        trajectory: whether the controller's rows are judged by their trajectory. False compares each turn's own reward
            with those of all turns of the question, which the reward has to give it.
    """

    selection: str = "variance"
    roles: Sequence[str] = (CONTROLLER, REASONER)
    trajectory: bool = True

    def check(self, rollouts: int) -> None:
        if self.selection not in SELECTIONS:
            raise ConfigError(f"algorithm.artist.selection={self.selection}: choose one of {', '.join(SELECTIONS)}")
        if not self.roles or not set(self.roles) <= {CONTROLLER, REASONER}:
            known = f"[{CONTROLLER}], [{REASONER}] or both"
            raise ConfigError(f"algorithm.artist.roles=[{', '.join(self.roles)}]: give {known}")
        if CONTROLLER in self.roles and rollouts < 2:
            raise ConfigError(
                "one trajectory per question has no group to compare with: give actor_rollout_ref.rollout.n at least 2"
            )

    def requires(self, config: Mapping[str, Any]) -> dict[str, Any]:
        actor = "actor_rollout_ref.actor"
        return {
            f"{actor}.loss_agg_mode": "token-mean",
            f"{actor}.ppo_mini_batch_size": config["data"]["train_batch_size"],
            f"{actor}.ppo_epochs": 1,
        }

    def loss(self) -> str:
        return WEIGHTED_LOSS

    def select(self, rollouts: Rollouts, step: int) -> Rollouts:
        """Keep the controller's rows and the chosen answers, with weights under which ``token-mean`` is L.

        Args:
            rollouts: all rows of the step; all of a row's response tokens count in the loss.
            step: the draw depends on it, the seed and the question.
        """
        share = np.array([float(role == CONTROLLER and role in self.roles) for role in rollouts.roles])
        if REASONER in self.roles:
            for group, rows in rows_of_groups(rollouts.groups).items():
                answers = [row for row in rows if rollouts.roles[row] == REASONER]
                share[answers] = self._shares(rollouts.take(answers), group_rng(self.seed, step, group))
        kept = share > 0
        if not kept.any():  # nobody has answered: a step without a gradient
            nothing = np.zeros(len(share))
            return replace(rollouts, weights=nothing, kl_weights=nothing)
        answered = np.array([role == REASONER for role in rollouts.roles])
        weights = np.ones(len(share))
        of_kept = aggregation_weights(
            rollouts.lengths[kept],
            [session for session, keep in zip(rollouts.sessions, kept, strict=True) if keep],
            answered[kept],
            share[kept],
        )
        weights[kept] = of_kept
        return replace(rollouts, kept=kept, weights=weights, kl_weights=np.where(answered, weights, 0.0))

    def _shares(self, answers: Rollouts, rng: np.random.Generator) -> np.ndarray:
        """With what share each answer to one question is trained on."""
        by_session = rows_of_groups(answers.sessions)
        trajectories = sorted(by_session, key=lambda session: session_number(str(session)))
        share = np.zeros(len(answers.keys))
        if trajectories:
            spread = r_sigma([answers.rewards[by_session[one]] for one in trajectories])
            p = (
                np.full(len(spread), 1 / len(spread))
                if self.selection == "uniform"
                else selection_probabilities(spread)
            )
            if self.selection != "all_weighted":
                p = np.eye(len(p))[rng.choice(len(p), p=p)]
            for one, of_one in zip(trajectories, p, strict=True):
                share[by_session[one]] = of_one
        return share

    def advantages(self, rollouts: Rollouts) -> np.ndarray:
        compared = {CONTROLLER: "sessions" if self.trajectory else "rows", REASONER: "rows of a session"}
        return role_advantages(rollouts.rewards, rollouts.groups, rollouts.sessions, rollouts.roles, compared, eps=EPS)


def r_sigma(rewards: Sequence[np.ndarray]) -> np.ndarray:
    """r_sigma of each trajectory: how much the rewards of its answers differ, form included.

    Args:
        rewards: R_rsn^(g,n), for each g an array of shape (N,).

    Returns:
        Shape (G,), the standard deviation of the population.
    """
    return np.array([float(np.std(one)) for one in rewards])


def selection_probabilities(spread: np.ndarray) -> np.ndarray:
    """p(g), proportional to r_sigma^g + 1e-6: uniform where no trajectory has answers that differ.

    Args:
        spread: r_sigma, shape (G,).

    Returns:
        Shape (G,), with sum 1.
    """
    raised = np.asarray(spread, dtype=float) + FLOOR
    return raised / raised.sum()


def aggregation_weights(
    tokens: np.ndarray, sessions: Sequence[str], answered: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Weights of rows under which the mean over all tokens of a batch is L = L_ctl + L_rsn.

    Args:
        tokens: in the loss, of each row, shape (B,).
        sessions: the trajectory of each row.
        answered: bool, whether the row is the reasoner's, shape (B,).
        share: with which the reasoner's row counts, shape (B,): 1, or p(g) where those of all trajectories are kept.

    Returns:
        Shape (B,): T / (G_all M_g) for a row of the controller, share * T / T_rsn for one of the reasoner, with T_rsn
        the sum of share times tokens.
    """
    weights = np.zeros(len(tokens))
    total = tokens.sum()
    spoken = {session: 0.0 for session, reasons in zip(sessions, answered, strict=True) if not reasons}
    for session, reasons, count in zip(sessions, answered, tokens, strict=True):
        if not reasons:
            spoken[session] += count
    for row, session in enumerate(sessions):
        if not answered[row]:
            weights[row] = total / (len(spoken) * spoken[session])
    if answered.any():
        weights[answered] = share[answered] * total / (share * tokens)[answered].sum()
    return weights
