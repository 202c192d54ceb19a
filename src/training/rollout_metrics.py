"""What the rollouts of a step amount to, as metrics: rewards and their terms, groups, what was cut off, advantages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from src.algorithms.advantages import rows_of_groups
from src.algorithms.rollouts import Rollouts
from src.tasks.row import Row
from src.training.judged import judge_metrics


def rollout_metrics(sampled: Rollouts, limit: int) -> dict[str, float]:
    """Metrics over all rollouts of a step, the dropped ones included.

    They count sessions, each by its last row. Where rows name a task they are given again for each, and where rows have
    a role for each role. Terms of rewards are then those of roles alone: sessions may end with one role or another,
    which are paid for different things.

    Args:
        limit: tokens that a response may have, where its row does not say otherwise.
    """
    trained = {session for session, kept in zip(sampled.sessions, sampled.kept, strict=True) if kept}
    sessions = sampled.take(sampled.last_rows())
    sessions.kept = np.array([session in trained for session in sessions.sessions], dtype=bool)
    if any(sampled.roles):
        sessions.terms = _of_sessions(sessions.terms)
    metrics = {
        "select/kept_frac": float(sessions.kept.mean()),
        "groups/zero_std_frac": zero_std_share(sessions.rewards, sessions.groups),
    }
    if sessions.kept.any():
        metrics["select/kept_reward/mean"] = float(sessions.rewards[sessions.kept].mean())
        metrics["select/weight/max"] = float(sessions.weights.max())
    metrics |= _reward_metrics(sessions, limit) | judge_metrics([sessions])
    metrics["response_length/limit_frac"] = cut_off(sampled, limit)  # each row could have been
    for task, places in rows_of_groups([row.task for row in sessions.rows]).items():
        if task:
            metrics |= _reward_metrics(sessions.take(places), limit, f"{task}/")
    for role, places in rows_of_groups(sampled.roles).items():
        if role:
            metrics |= _role_metrics(sampled.take(places), limit, f"{role}/")
    return metrics


def advantage_metrics(kept: Rollouts, advantages: np.ndarray) -> dict[str, float]:
    """Spread of the advantages of each role, weights left out, and the share of its rows that teach nothing.

    Args:
        kept: the rows that enter the update.
        advantages: of each of them.
    """
    metrics = {}
    for role, places in rows_of_groups(kept.roles).items():
        if role:
            own = advantages[places]
            metrics[f"{role}/advantages/std"] = float(own.std())
            metrics[f"{role}/advantages/zero_frac"] = float((own == 0).mean())
    return metrics


def cut_off(rollouts: Rollouts, limit: int) -> float:
    """Share of answers that are as long as they may be: generation ended there.

    veRL's ``response_length/clip_ratio`` is the share as long as the longest answer of its batch.
    """
    limits = [limit if own is None else own for own in rollouts.limits]
    return float((rollouts.lengths >= np.array(limits)).mean())


def zero_std_share(rewards: np.ndarray, groups: Sequence[str]) -> float:
    """Share of the prompts whose rollouts all have the same reward: they teach nothing."""
    by_group = rows_of_groups(groups, len(rewards)).values()
    return float(np.mean([rewards[rows].max() == rewards[rows].min() for rows in by_group]))


def _of_sessions(terms: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Of each session's last row what is said of the session: counts, and whether it came to a valid answer."""
    valid = any("valid" in one for one in terms)
    return [
        {name: value for name, value in one.items() if "/" in name}
        | ({"valid": one.get("valid", 0.0)} if valid else {})
        for one in terms
    ]


def _reward_metrics(rollouts: Rollouts, limit: int, prefix: str = "") -> dict[str, float]:
    metrics = {
        "reward/mean": float(rollouts.rewards.mean()),
        "reward/std": float(rollouts.rewards.std()),
        "response_length/limit_frac": cut_off(rollouts, limit),
        **_term_metrics(rollouts.terms, rollouts.rows),
    }
    return {f"{prefix}{name}": value for name, value in metrics.items()}


def _role_metrics(rollouts: Rollouts, limit: int, prefix: str) -> dict[str, float]:
    """Metrics of one role's rows: sessions count alike, however many turns they took."""
    turns = Counter(rollouts.sessions)
    votes = np.array([1 / turns[session] for session in rollouts.sessions])
    metrics = {
        "select/kept_frac": float(rollouts.kept.mean()),
        "response_length/mean": float(rollouts.lengths.mean()),
        "response_length/limit_frac": cut_off(rollouts, limit),
        **_term_metrics(rollouts.terms, rollouts.rows, votes),
    }
    metrics["reward/mean"], metrics["reward/std"] = _mean_and_std(rollouts.rewards, votes)
    return {f"{prefix}{name}": value for name, value in metrics.items()}


def _term_metrics(
    terms: Sequence[dict[str, float]], rows: Sequence[Row], votes: np.ndarray | None = None
) -> dict[str, float]:
    """Mean and spread of each reward term, over the rollouts whose row does not rule it out.

    All rollouts have the same keys. Where a row's ``info`` has ``terms``, these are the ones that its kind of
    answer can earn; the others are zero in it and say nothing. A name with a slash is no term of the reward, but
    something that an agent loop counts, and a metric by itself.
    """
    values: dict[str, list[float]] = defaultdict(list)
    of_term: dict[str, list[float]] = defaultdict(list)
    for place, (one, row) in enumerate(zip(terms, rows, strict=True)):
        possible = row.info.get("terms")
        for name, value in one.items():
            if possible is None or name == "valid" or "/" in name or name in possible:
                values[name].append(value)
                of_term[name].append(1.0 if votes is None else float(votes[place]))
    metrics = {}
    for name, found in values.items():
        mean, std = _mean_and_std(np.array(found), None if votes is None else np.array(of_term[name]))
        if name == "valid":
            metrics["parse/valid_frac"] = mean
        else:
            metric = name if "/" in name else f"reward/{name}"
            metrics[f"{metric}/mean"], metrics[f"{metric}/std"] = mean, std
    return metrics


def _mean_and_std(values: np.ndarray, votes: np.ndarray | None) -> tuple[float, float]:
    if votes is None:
        return float(values.mean()), float(values.std())
    mean = np.average(values, weights=votes)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=votes)))
