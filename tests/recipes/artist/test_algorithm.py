"""ARTIST's optimisation, held to the reference's numbers and to its loss written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from artist_step import R_RSN, D, direct_loss, kept_rows, step

from recipes.artist.algorithm import (
    Artist,
    aggregation_weights,
    r_sigma,
    selection_probabilities,
)
from recipes.artist.roles import CONTROLLER, REASONER
from src.algorithms.algorithm import WEIGHTED_LOSS
from src.algorithms.rollouts import Rollouts
from src.errors import ConfigError

P = [0.0, 0.2754, 0.2053, 0.0, 0.2597, 0.2597]


def test_vectors_of_the_reference() -> None:
    assert r_sigma(list(R_RSN)) == pytest.approx([0, 1.5, 1.1180, 0, 1.4142, 1.4142], abs=5e-5)
    assert r_sigma(list(R_RSN)) == pytest.approx(3 * np.sqrt(D * (1 - D)))  # as only correctness varies
    assert selection_probabilities(r_sigma(list(R_RSN))) == pytest.approx(P, abs=5e-5)
    assert selection_probabilities(r_sigma(list(R_RSN)))[0] == pytest.approx(1.8e-7, rel=0.05)
    assert selection_probabilities(np.zeros(4)).tolist() == [0.25] * 4

    rollouts = step()
    advantages = Artist(selection="all_weighted").advantages(rollouts)
    of = {key: float(value) for key, value in zip(rollouts.keys, advantages, strict=True)}
    expected = [1.2344, -0.1543, 0.7715, -1.5430, -0.6172, 0.3086]
    for key, role in zip(rollouts.keys, rollouts.roles, strict=True):
        if role == CONTROLLER:  # on all rows of every round
            assert of[key] == pytest.approx(expected[int(key.split("_")[1])], abs=5e-5), key
    answers = [of[f"1x0_4_{place}"] for place in range(2, 8)]  # of 110000
    assert answers == pytest.approx([1.2910, 1.2910, -0.6455, -0.6455, -0.6455, -0.6455], abs=5e-5)
    assert {of[f"1x0_3_{place}"] for place in range(1, 7)} == {0.0}  # all wrong: nothing to learn


def test_one_trajectory_of_each_question_answers_and_every_controller_speaks() -> None:
    rollouts = step(questions=3)
    chosen = Artist().select(rollouts, step=1)
    for question in range(3):
        own = [row for row, group in enumerate(rollouts.groups) if group == f"1x{question}"]
        answers = [row for row in own if rollouts.roles[row] == REASONER and chosen.kept[row]]
        assert len(answers) == 6 and len({rollouts.sessions[row] for row in answers}) == 1
        assert all(chosen.kept[row] for row in own if rollouts.roles[row] == CONTROLLER)


def test_the_draw_follows_p_and_depends_on_question_and_step_only() -> None:
    rollouts = step()

    def drawn(algorithm: Artist, at: int, order: list[int] | None = None) -> int:
        rows = rollouts.take(order) if order else rollouts
        chosen = algorithm.select(rows, at)
        return next(
            int(key.split("_")[1])
            for key, role, kept in zip(rows.keys, rows.roles, chosen.kept, strict=True)
            if role == REASONER and kept
        )

    steps = range(600)
    shares = np.bincount([drawn(Artist(), at) for at in steps], minlength=6) / len(steps)
    assert shares == pytest.approx(P, abs=3 * 0.5 / len(steps) ** 0.5)
    uniform = np.bincount([drawn(Artist(selection="uniform"), at) for at in steps], minlength=6) / len(steps)
    assert uniform == pytest.approx([1 / 6] * 6, abs=3 * 0.4 / len(steps) ** 0.5)
    backwards = list(range(len(rollouts.keys)))[::-1]
    assert [drawn(Artist(), at) for at in range(20)] == [drawn(Artist(), at, backwards) for at in range(20)]
    assert [drawn(Artist(seed=2), at) for at in range(20)] != [drawn(Artist(), at) for at in range(20)]


@pytest.mark.parametrize("selection", ["variance", "uniform"])
def test_weights_make_the_mean_over_tokens_the_papers_loss(selection: str) -> None:
    rng = np.random.default_rng(3)
    kept = kept_rows(Artist(selection=selection).select(step(questions=4), step=2))
    advantages = Artist(selection=selection).advantages(kept)
    log_pi = [-rng.exponential(size=int(length)) for length in kept.lengths]
    k3 = [rng.exponential(size=int(length)) for length in kept.lengths]
    total = kept.lengths.sum()
    assert kept.kl_weights is not None
    weighted = sum(
        (-weight * advantage * one + 0.002 * kl_weight * kl).sum()
        for weight, kl_weight, advantage, one, kl in zip(
            kept.weights, kept.kl_weights, advantages, log_pi, k3, strict=True
        )
    )
    assert weighted / total == pytest.approx(direct_loss(kept, advantages, log_pi, k3, 0.002), rel=1e-12)
    assert (kept.weights * kept.lengths).sum() == pytest.approx(2 * total)


def test_all_weighted_is_what_the_draw_comes_to_on_average() -> None:
    """With answers of one length the expectation is exact; else that of the sum and of its tokens are, each."""
    rng = np.random.default_rng(4)
    rollouts = replace(step(), lengths=np.full(len(step().keys), 7.0))
    log_pi = [-rng.exponential(size=7) for _ in rollouts.keys]

    def answers_loss(algorithm: Artist, chosen: Rollouts) -> float:
        advantages = algorithm.advantages(rollouts)
        rows = [row for row in np.flatnonzero(chosen.kept) if rollouts.roles[row] == REASONER]
        total = chosen.lengths[chosen.kept].sum()
        return float(sum((-chosen.weights[row] * advantages[row] * log_pi[row]).sum() for row in rows) / total)

    weighted = Artist(selection="all_weighted")
    of_one = {}
    for at in range(60):
        chosen = Artist().select(rollouts, at)
        g = next(rollouts.sessions[row] for row in np.flatnonzero(chosen.kept) if rollouts.roles[row] == REASONER)
        of_one[g] = answers_loss(Artist(), chosen)
    p = selection_probabilities(r_sigma(list(R_RSN)))
    expected = sum(p[int(session.split("_")[1])] * value for session, value in of_one.items())
    assert len(of_one) == 4  # the other two are as good as never drawn
    assert answers_loss(weighted, weighted.select(rollouts, 1)) == pytest.approx(expected, abs=1e-5)


def test_a_trajectory_without_answers_is_not_drawn_and_still_compared() -> None:
    rollouts = step()
    failed = [row for row, key in enumerate(rollouts.keys) if key.startswith("1x0_1_")]
    left = [row for row in range(len(rollouts.keys)) if row not in failed or rollouts.roles[row] == CONTROLLER]
    rows = rollouts.take(left)
    for at in range(30):
        chosen = Artist().select(rows, at)
        assert all(chosen.kept[row] for row, role in enumerate(rows.roles) if role == CONTROLLER) and "1x0_1" not in {
            rows.sessions[row] for row in np.flatnonzero(chosen.kept) if rows.roles[row] == REASONER
        }
    nobody = rollouts.take([row for row, role in enumerate(rollouts.roles) if role == CONTROLLER])
    chosen = Artist().select(nobody, 1)
    assert chosen.kept.all() and (chosen.weights * chosen.lengths).sum() == pytest.approx(chosen.lengths.sum())


def test_a_step_in_which_nobody_answers_teaches_the_reasoner_nothing() -> None:
    rollouts = step()
    spoken = rollouts.take([row for row, role in enumerate(rollouts.roles) if role == CONTROLLER])
    chosen = Artist(roles=[REASONER]).select(spoken, 1)
    assert chosen.kept.all() and not chosen.weights.any()
    assert chosen.kl_weights is not None and not chosen.kl_weights.any()


@pytest.mark.parametrize("role", [CONTROLLER, REASONER])
def test_one_role_can_learn_alone(role: str) -> None:
    algorithm = Artist(roles=[role])
    kept = kept_rows(algorithm.select(step(questions=2), step=1))
    assert set(kept.roles) == {role}
    assert (kept.weights * kept.lengths).sum() == pytest.approx(kept.lengths.sum())
    if role == REASONER:
        assert np.ptp(kept.weights) == 0
    assert np.any(algorithm.advantages(kept))


def test_without_the_trajectory_every_turn_is_judged_by_its_own_reward() -> None:
    rollouts = step()
    spoken = [row for row, role in enumerate(rollouts.roles) if role == CONTROLLER]
    rows = replace(rollouts.take(spoken), rewards=np.arange(len(spoken), dtype=float))
    advantages = Artist(trajectory=False).advantages(rows)
    of_all = (rows.rewards - rows.rewards.mean()) / rows.rewards.std(ddof=1)
    assert advantages == pytest.approx(of_all)
    assert len(set(Artist().advantages(rows))) == 6  # one for each trajectory


def test_weights_by_hand() -> None:
    tokens = np.array([2.0, 4.0, 3.0, 5.0, 6.0])
    answered = np.array([False, False, False, True, True])
    weights = aggregation_weights(tokens, ["a", "a", "b", "a", "a"], answered, np.ones(5))
    assert weights == pytest.approx([20 / 12, 20 / 12, 20 / 6, 20 / 11, 20 / 11])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"selection": "best"}, "selection=best: choose one of variance, uniform, all_weighted"),
        ({"roles": []}, r"roles=\[\]: give \[controller\], \[reasoner\] or both"),
        ({"roles": ["judge"]}, r"roles=\[judge\]"),
    ],
)
def test_settings_that_there_are_not(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Artist(**settings).check(6)


def test_a_single_trajectory_has_no_group() -> None:
    with pytest.raises(ConfigError, match=r"give actor_rollout_ref\.rollout\.n at least 2"):
        Artist().check(1)
    Artist(roles=[REASONER]).check(1)
    assert Artist().loss() == WEIGHTED_LOSS
