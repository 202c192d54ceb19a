"""Which rollouts of one prompt GRIP keeps for the update.

Time-R1 (arXiv 2506.10630 v1), section 3.4.2 "Non-uniform Sampling Strategy": sample kG rollouts of a prompt
from the old policy, keep G of them by their rewards. Symbols: n = kG rollouts, G = ``keep``, R = ``rewards``,
shape (n,).

Every strategy returns exactly G distinct indices in increasing order, whatever the rewards are (ties, all
equal, fewer clusters than G), so that a batch stays divisible by the number of data-parallel ranks.
"""

from collections.abc import Callable

import numpy as np

from src.algorithms.kmeans import kmeans_1d

DEFAULT_CLUSTERS = 4  # The paper gives no number.


def select(
    rewards: np.ndarray,
    keep: int,
    strategy: str,
    rng: np.random.Generator,
    *,
    clusters: int = DEFAULT_CLUSTERS,
    clustering: str = "kmeans",
) -> np.ndarray:
    """Choose the rollouts of one prompt that are kept.

    Args:
        rewards: shape (n,), the reward R(o_i) of each of the n = kG rollouts, finite.
        keep: G, with 1 <= G <= n.
        strategy: one of ``STRATEGIES``:
            local: best of each of G random draws of k (paper, strategy 1);
            cluster: random rollouts, in turn from each cluster of similar reward (paper, strategy 2);
            extremes: the lowest and the highest rewards (released code, ``filter==1``);
            centroid: the rollout nearest to each centroid of G clusters (released code, ``filter==2``);
            uniform: G at random, whatever their reward (a control);
            all: every rollout; requires n == G.
        rng: the only source of randomness; ``extremes``, ``centroid`` and ``all`` do not use it.
        clusters: number of clusters of ``cluster``.
        clustering: how ``cluster`` groups rewards: "kmeans", or "bins" of equal width over their range.

    Returns:
        int64 array of shape (G,): distinct indices into ``rewards``, increasing.

    Raises:
        ValueError: for an unknown name, a reward that is not finite, or a G that n rollouts cannot give.
    """
    rewards = np.asarray(rewards, dtype=np.float64)
    _check(rewards, keep, strategy, clusters, clustering)
    if keep == rewards.size:
        return np.arange(keep, dtype=np.int64)
    if strategy == "cluster":
        chosen = _cluster(rewards, keep, rng, clusters, clustering)
    else:
        chosen = _RULES[strategy](rewards, keep, rng)
    return np.sort(chosen).astype(np.int64)


def _check(rewards: np.ndarray, keep: int, strategy: str, clusters: int, clustering: str) -> None:
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown sampling strategy {strategy!r}: choose one of {', '.join(STRATEGIES)}")
    if clustering not in CLUSTERINGS:
        raise ValueError(f"unknown clustering {clustering!r}: choose one of {', '.join(CLUSTERINGS)}")
    if rewards.ndim != 1:
        raise ValueError(f"rewards must have shape (n,), not {rewards.shape}")
    if not np.isfinite(rewards).all():
        raise ValueError("rewards must be finite: a NaN or infinite reward would decide the whole group")
    if not 1 <= keep <= rewards.size:
        raise ValueError(f"cannot keep {keep} of {rewards.size} rollouts: keep must be between 1 and {rewards.size}")
    if strategy == "all" and keep != rewards.size:
        raise ValueError(f"strategy 'all' keeps every rollout, but keep is {keep} and there are {rewards.size}")
    if clusters < 1:
        raise ValueError(f"clusters must be at least 1, not {clusters}")


def _local(rewards: np.ndarray, keep: int, rng: np.random.Generator) -> np.ndarray:
    """Best of k, G times: the rollouts are i.i.d., so a random partition is G independent draws of k.

    When n is no multiple of G (a rollout failed), the draws differ in size by at most one.
    """
    draws = np.array_split(rng.permutation(rewards.size), keep)
    return np.array([draw[np.argmax(rewards[draw])] for draw in draws])


def _cluster(rewards: np.ndarray, keep: int, rng: np.random.Generator, clusters: int, clustering: str) -> np.ndarray:
    """Random rollouts without replacement, one from each cluster in turn, that of highest reward first.

    Small clusters run out and the others fill their places. When G is no multiple of the number of
    clusters, the last round therefore favours high reward, as the paper asks ("while still prioritizing
    high-reward paths").
    """
    labels = kmeans_1d(rewards, clusters) if clustering == "kmeans" else _bins(rewards, clusters)
    shuffled = rng.permutation(rewards.size)
    position = np.empty(rewards.size, dtype=np.int64)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        position[members] = np.arange(members.size)
    return np.lexsort((-labels, position))[:keep]


def _extremes(rewards: np.ndarray, keep: int, _: np.random.Generator) -> np.ndarray:
    """The G//2 lowest and the rest from the highest; ties go by index, as in the released code."""
    order = np.argsort(rewards, kind="stable")
    low = keep // 2
    return np.concatenate([order[:low], order[rewards.size - (keep - low) :]])


def _centroid(rewards: np.ndarray, keep: int, _: np.random.Generator) -> np.ndarray:
    """The rollout nearest to each of G centroids; ties go by index.

    The released code keeps fewer than G when there are fewer than G distinct rewards. Here the next nearest
    of every cluster fill the empty places.
    """
    labels = kmeans_1d(rewards, keep)
    centroids = np.bincount(labels, weights=rewards) / np.bincount(labels)
    distance = np.abs(rewards - centroids[labels])
    nearest_first = np.argsort(distance, kind="stable")
    rank = np.empty(rewards.size, dtype=np.int64)
    for label in range(centroids.size):
        members = nearest_first[labels[nearest_first] == label]
        rank[members] = np.arange(members.size)
    return np.lexsort((np.arange(rewards.size), distance, rank))[:keep]


def _uniform(rewards: np.ndarray, keep: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(rewards.size, size=keep, replace=False)


def _bins(rewards: np.ndarray, clusters: int) -> np.ndarray:
    """Labels 0..clusters-1 of bins of equal width between the lowest and the highest reward, shape (n,)."""
    low, span = rewards.min(), np.ptp(rewards)
    if span == 0:
        return np.zeros(rewards.size, dtype=np.int64)
    return np.minimum((rewards - low) / span * clusters, clusters - 1).astype(np.int64)


_RULES: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "local": _local,
    "extremes": _extremes,
    "centroid": _centroid,
    "uniform": _uniform,
}
STRATEGIES = ("local", "cluster", "extremes", "centroid", "uniform", "all")
CLUSTERINGS = ("kmeans", "bins")
