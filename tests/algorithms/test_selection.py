"""Which rollouts are kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.algorithms.selection import CLUSTERINGS, STRATEGIES, select

SELECTIVE = [name for name in STRATEGIES if name != "all"]
REWARDS = st.lists(st.one_of(st.sampled_from([-1.0, 0.0, 0.3]), st.floats(-1.0, 1.1)), min_size=1, max_size=48)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(
    REWARDS,
    st.integers(1, 48),
    st.sampled_from(SELECTIVE),
    st.integers(1, 60),
    st.sampled_from(CLUSTERINGS),
    st.integers(0, 2**31),
)
def test_exactly_keep_distinct_indices_whatever_the_rewards(rewards, keep, strategy, clusters, clustering, seed):
    keep = min(keep, len(rewards))
    chosen = select(np.array(rewards), keep, strategy, rng(seed), clusters=clusters, clustering=clustering)
    assert chosen.dtype == np.int64
    assert chosen.shape == (keep,)
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] >= 0 and chosen[-1] < len(rewards)


@given(REWARDS, st.sampled_from(STRATEGIES), st.integers(0, 2**31))
def test_keeping_everything_is_the_identity(rewards, strategy, seed):
    chosen = select(np.array(rewards), len(rewards), strategy, rng(seed))
    np.testing.assert_array_equal(chosen, np.arange(len(rewards)))


@pytest.mark.parametrize("strategy", SELECTIVE)
def test_same_generator_state_same_choice(strategy):
    rewards = rng(1).normal(size=48)
    first, second = (select(rewards, 16, strategy, rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("strategy", ["local", "cluster", "uniform"])
def test_another_seed_another_choice(strategy):
    rewards = rng(1).normal(size=48)
    assert len({tuple(select(rewards, 16, strategy, rng(seed))) for seed in range(10)}) > 5


def test_rewards_are_left_as_they_were():
    rewards = np.array([3.0, 1.0, 2.0])
    for strategy in SELECTIVE:
        select(rewards, 2, strategy, rng())
    np.testing.assert_array_equal(rewards, [3.0, 1.0, 2.0])


def test_local_keeps_the_best_always_and_the_worst_k_minus_one_never():
    rewards = rng(2).permutation(48).astype(float)
    for seed in range(50):
        kept = set(rewards[select(rewards, 16, "local", rng(seed))])
        assert 47.0 in kept
        assert not kept & {0.0, 1.0}


def test_local_has_the_mean_of_the_best_of_three():
    # The best of a random draw of 3 from the ranks 1..48 has the mean 3/4 * 49 = 36.75 (order statistics).
    rewards = np.arange(1.0, 49.0)
    means = [rewards[select(rewards, 16, "local", rng(seed))].mean() for seed in range(300)]
    standard_error = np.std(means) / np.sqrt(len(means))
    assert abs(np.mean(means) - 36.75) < 4 * standard_error
    assert standard_error < 0.1


def test_local_when_a_rollout_failed():
    rewards = np.arange(11.0)
    for seed in range(30):
        chosen = select(rewards, 4, "local", rng(seed))
        assert chosen.size == 4 and 10 in chosen and 0 not in chosen


def test_cluster_draws_equally_from_equal_clusters():
    rewards = np.repeat([0.0, 0.3, 0.6, 0.9], 12)
    for clustering in CLUSTERINGS:
        chosen = select(rewards, 16, "cluster", rng(3), clusters=4, clustering=clustering)
        np.testing.assert_array_equal(np.bincount(chosen // 12), [4, 4, 4, 4])


def test_cluster_covers_every_cluster_and_fills_from_the_rest():
    rewards = np.concatenate([[0.9], np.zeros(40), np.full(7, 0.4)])
    chosen = select(rewards, 16, "cluster", rng(4), clusters=3)
    kept = rewards[chosen]
    assert (kept == 0.9).sum() == 1
    assert (kept == 0.4).sum() == 7
    assert (kept == 0.0).sum() == 8


def test_cluster_gives_the_last_places_to_high_rewards():
    rewards = np.repeat([0.0, 0.5, 1.0], 4)
    kept = rewards[select(rewards, 5, "cluster", rng(5), clusters=3)]
    assert [int((kept == value).sum()) for value in (0.0, 0.5, 1.0)] == [1, 2, 2]


def test_cluster_draws_evenly_within_a_cluster():
    rewards = np.repeat([0.0, 1.0], 8)
    counts = np.zeros(16)
    for seed in range(800):
        counts[select(rewards, 4, "cluster", rng(seed), clusters=2)] += 1
    # Each of 8 is drawn with probability 2/8: mean 200, standard deviation 12.2.
    assert counts == pytest.approx(np.full(16, 200.0), abs=60)


def test_cluster_without_spread_is_a_uniform_draw():
    for clustering in CLUSTERINGS:
        draws = {tuple(select(np.full(8, 0.3), 4, "cluster", rng(s), clustering=clustering)) for s in range(30)}
        assert len(draws) > 10


def test_bins_have_equal_width():
    # k-means puts 0.4 with the crowd at 0; four bins of width 0.25 keep it apart.
    rewards = np.array([0.0, 0.01, 0.02, 0.03, 0.3, 0.55, 1.0])
    assert 4 in select(rewards, 4, "cluster", rng(0), clusters=4, clustering="bins")
    for seed in range(20):
        chosen = select(rewards, 4, "cluster", rng(seed), clusters=4, clustering="bins")
        assert {4, 5, 6} <= set(chosen)


def test_extremes_as_released():
    rewards = np.array([0.5, -1.0, 0.2, 0.9, 0.1, 0.7, 0.3, 0.0])
    np.testing.assert_array_equal(select(rewards, 4, "extremes", rng()), [1, 3, 5, 7])


def test_extremes_break_ties_by_index():
    np.testing.assert_array_equal(select(np.zeros(8), 4, "extremes", rng()), [0, 1, 6, 7])


def test_extremes_of_an_odd_number_take_one_more_from_the_top():
    np.testing.assert_array_equal(select(np.arange(7.0), 3, "extremes", rng()), [0, 5, 6])


def test_centroid_as_released():
    sklearn_cluster = pytest.importorskip("sklearn.cluster")
    centres = np.repeat([-1.0, 0.0, 0.5, 1.0], 4)
    rewards = rng(6).permutation(centres) + rng(7).uniform(-0.05, 0.05, 16)
    model = sklearn_cluster.KMeans(n_clusters=4, random_state=0).fit(rewards[:, None])
    expected = sorted(
        np.flatnonzero(model.labels_ == label)[
            np.argmin(np.abs(rewards[model.labels_ == label] - model.cluster_centers_[label, 0]))
        ]
        for label in range(4)
    )
    np.testing.assert_array_equal(select(rewards, 4, "centroid", rng()), expected)


def test_centroid_fills_where_the_released_code_keeps_too_few():
    # The released code keeps one of eight equal rewards, and three when there are three distinct ones.
    np.testing.assert_array_equal(select(np.full(8, 0.3), 4, "centroid", rng()), [0, 1, 2, 3])
    rewards = np.array([0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 1.0])
    chosen = select(rewards, 4, "centroid", rng())
    assert {0.0, 0.5, 1.0} == set(rewards[chosen])
    np.testing.assert_array_equal(chosen, [0, 1, 3, 5])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0.2], 3, "local"), "cannot keep 3 of 2 rollouts"),
        (([0.1, 0.2], 0, "local"), "cannot keep 0 of 2 rollouts"),
        (([0.1, 0.2], 1, "best"), "unknown sampling strategy 'best': choose one of local, cluster"),
        (([0.1, 0.2], 1, "all"), "keep is 1 and there are 2"),
        (([0.1, float("nan")], 1, "local"), "rewards must be finite"),
        (([0.1, float("inf")], 2, "local"), "rewards must be finite"),
        (([[0.1, 0.2]], 1, "local"), r"rewards must have shape \(n,\), not \(1, 2\)"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    rewards, keep, strategy = arguments
    with pytest.raises(ValueError, match=message):
        select(np.array(rewards), keep, strategy, rng())


def test_bad_cluster_settings_are_refused():
    with pytest.raises(ValueError, match="clusters must be at least 1, not 0"):
        select(np.zeros(4), 2, "cluster", rng(), clusters=0)
    with pytest.raises(ValueError, match="unknown clustering 'dbscan': choose one of kmeans, bins"):
        select(np.zeros(4), 2, "cluster", rng(), clustering="dbscan")
