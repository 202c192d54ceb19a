"""GRIP on a batch, and its objective."""

from typing import Any

import numpy as np
import pytest
import torch

from src.algorithms.advantages import group_advantages
from src.algorithms.grip import Grip, grip_sequence_loss
from src.algorithms.rollouts import Rollouts
from src.algorithms.selection import STRATEGIES
from src.errors import ConfigError

SELECTIVE = [name for name in STRATEGIES if name != "all"]


def batch(rewards: np.ndarray, keys: list[str]) -> Rollouts:
    size = len(keys)
    return Rollouts(
        keys=keys,
        rewards=rewards,
        terms=[{}] * size,
        roles=[""] * size,
        turns=np.zeros(size, dtype=int),
        lengths=np.ones(size),
        rows=[{}] * size,
    )


def prompts(count: int = 4, rollouts: int = 12, seed: int = 0) -> Rollouts:
    """Rollouts with random rewards, prompt by prompt."""
    rewards = np.random.default_rng(seed).uniform(-1, 1.1, count * rollouts).round(1)
    return batch(rewards, [f"prompt{i // rollouts}_{i % rollouts}_0" for i in range(rewards.size)])


def kept(algorithm: Grip, rollouts: Rollouts, step: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are kept, and their weights."""
    chosen = algorithm.select(rollouts, step)
    rows = np.flatnonzero(chosen.kept)
    assert (chosen.weights[~chosen.kept] == 1.0).all()
    return rows, chosen.weights[rows]


def tokens(rows: int = 6, length: int = 5, seed: int = 0, dtype: torch.dtype = torch.float32):
    """Log-probabilities of three policies and a mask with responses of unequal length."""
    generator = torch.Generator().manual_seed(seed)
    old = -torch.rand(rows, length, generator=generator, dtype=dtype) * 3
    new = old + 0.4 * torch.randn(rows, length, generator=generator, dtype=dtype)
    ref = old + 0.4 * torch.randn(rows, length, generator=generator, dtype=dtype)
    lengths = torch.randint(1, length + 1, (rows,), generator=generator)
    mask = (torch.arange(length) < lengths[:, None]).to(dtype)
    return new.requires_grad_(), old, ref, mask


# ------------------------------------------------------------------ selection of a batch


@pytest.mark.parametrize("sampling", SELECTIVE)
def test_exactly_keep_of_each_group(sampling):
    rows, weights = kept(Grip(keep=4, sampling=sampling), prompts(), step=3)
    np.testing.assert_array_equal(np.bincount(rows // 12), [4, 4, 4, 4])
    np.testing.assert_allclose(weights.reshape(4, 4).mean(axis=1), 1.0)


def test_weights_are_those_of_the_kept_rewards():
    rollouts = prompts()
    rows, weights = kept(Grip(keep=4, sampling="local"), rollouts)
    odds = np.exp(rollouts.rewards[rows]).reshape(4, 4)
    np.testing.assert_allclose(weights.reshape(4, 4), 4 * odds / odds.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("sampling", SELECTIVE)
def test_order_of_rows_does_not_matter(sampling):
    rollouts = prompts()
    algorithm = Grip(keep=4, sampling=sampling, seed=11)
    rows, weights = kept(algorithm, rollouts, 5)
    expected = dict(zip([rollouts.keys[row] for row in rows], weights, strict=True))
    for seed in range(5):
        shuffled = rollouts.take(np.random.default_rng(seed).permutation(48).tolist())
        rows, weights = kept(algorithm, shuffled, 5)
        assert dict(zip([shuffled.keys[row] for row in rows], weights, strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize("sampling", ["local", "cluster", "uniform"])
def test_a_groups_choice_does_not_depend_on_other_groups(sampling):
    algorithm = Grip(keep=4, sampling=sampling)
    together, _ = kept(algorithm, prompts(), 2)
    alone, _ = kept(algorithm, prompts().take(range(24, 36)), 2)
    np.testing.assert_array_equal(together[(together >= 24) & (together < 36)], alone + 24)


def test_seed_step_and_group_each_change_the_choice():
    def choice(seed: int, step: int, group: str) -> tuple[int, ...]:
        rollouts = batch(np.zeros(24), [f"{group}_{i}_0" for i in range(24)])
        return tuple(kept(Grip(keep=8, sampling="uniform", seed=seed), rollouts, step)[0])

    choices = [choice(0, 0, "a"), choice(1, 0, "a"), choice(0, 1, "a"), choice(0, 0, "b")]
    assert len(set(choices)) == 4
    assert choice(0, 0, "a") == choices[0]


def test_k_of_one_keeps_every_row_for_every_strategy():
    for sampling in STRATEGIES:
        rows, weights = kept(Grip(keep=12, sampling=sampling, weights="uniform"), prompts(), step=9)
        np.testing.assert_array_equal(rows, np.arange(48))
        np.testing.assert_array_equal(weights, np.ones(48))


def test_a_group_with_too_few_rollouts_is_named():
    with pytest.raises(ValueError, match="group 'prompt3': cannot keep 8 of 7 rollouts"):
        Grip(keep=8).select(prompts().take(range(43)), step=0)


SETTINGS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"keep": 0}, "algorithm.grip.keep=0: give a whole number of at least 1"),
    ({"keep": "two"}, "algorithm.grip.keep=two: give a whole number of at least 1"),
    ({"clusters": 1.5}, "algorithm.grip.clusters=1.5: give a whole number of at least 1"),
    ({"sampling": "best"}, f"algorithm.grip.sampling=best: choose one of {', '.join(STRATEGIES)}"),
    ({"clustering": "trees"}, "algorithm.grip.clustering=trees: choose one of kmeans, bins"),
    ({"weights": "hard"}, "algorithm.grip.weights=hard: choose one of softmax, advantage, uniform"),
    ({"tau": 0}, "algorithm.grip.tau=0: give a positive number"),
    ({"floor": True}, "algorithm.grip.floor=True: give a positive number"),
    (
        {"sampling": "all"},
        "algorithm.grip.sampling=all keeps every rollout, but algorithm.grip.keep=4 and "
        "actor_rollout_ref.rollout.n=12: make them equal",
    ),
)


@pytest.mark.parametrize(("change", "message"), SETTINGS)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Grip(**{"keep": 4, **change}).check(12)
    assert str(error.value) == message
    Grip(keep=4).check(12)


# ------------------------------------------------------------------ the objective


def test_objective_by_hand():
    # One prompt, G = 2, one token and two tokens; eps = 0.2, beta = 0.5, G w = (1.5, 0.5).
    # o_1: rho = 1.5 clipped to 1.2, A = 1: 1.2. KL: pi_ref / pi = 2: 2 - ln 2 - 1.
    # o_2: A = -1; rho = 0.5: min(-0.5, -0.8) = -0.8; rho = 1.5: min(-1.5, -1.2) = -1.5. KL = 0.
    log = np.log
    new = torch.tensor([[log(0.6), 0.0], [log(0.2), log(0.6)]], dtype=torch.float64)
    old = torch.tensor([[log(0.4), 0.0], [log(0.4), log(0.4)]], dtype=torch.float64)
    ref = torch.tensor([[log(1.2), 0.0], [log(0.2), log(0.6)]], dtype=torch.float64)
    mask = torch.tensor([[1, 0], [1, 1]])
    loss = grip_sequence_loss(
        new, old, ref, torch.tensor([1.0, -1.0]), mask, torch.tensor([1.5, 0.5]), clip=0.2, beta=0.5
    )
    first = 1.2 - 0.5 * (2 - log(2) - 1)
    second = (-0.8 - 1.5) / 2
    assert loss.item() == pytest.approx(-(0.75 * first + 0.25 * second))


def grpo_loss(log_prob, old, ref, advantages, mask, clip, beta):
    """GRPO (arXiv 2402.03300, equation 3), without any weight: mean over sequences of mean over tokens."""
    ratio = torch.exp(log_prob - old)
    advantage = advantages[:, None]
    term = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    delta = ref - log_prob
    term = term - beta * (torch.exp(delta) - delta - 1)
    return -((term * mask).sum(-1) / mask.sum(-1)).mean()


@pytest.mark.parametrize("sampling", STRATEGIES)
@pytest.mark.parametrize("seed", range(3))
def test_k_of_one_with_uniform_weights_is_grpo_to_the_last_bit(sampling, seed):
    rewards = np.random.default_rng(seed).normal(size=6)
    groups = ["a", "a", "a", "b", "b", "b"]
    new, old, ref, mask = tokens(seed=seed)
    rollouts = batch(rewards, [f"{group}_{i % 3}_0" for i, group in enumerate(groups)])
    places, weights = kept(Grip(keep=3, sampling=sampling, weights="uniform"), rollouts, step=seed)
    rows = torch.from_numpy(places)
    advantages = group_advantages(torch.from_numpy(rewards[places]).float(), [groups[i] for i in places])
    grip = grip_sequence_loss(
        new[rows], old[rows], ref[rows], advantages, mask[rows], torch.from_numpy(weights).float()
    )
    (grip_gradient,) = torch.autograd.grad(grip, new)
    all_advantages = group_advantages(torch.from_numpy(rewards).float(), groups)
    grpo = grpo_loss(new, old, ref, all_advantages, mask, 0.2, 0.04)
    (grpo_gradient,) = torch.autograd.grad(grpo, new)
    assert torch.equal(grip, grpo)
    assert torch.equal(grip_gradient, grpo_gradient)
    assert grip_gradient.abs().max() > 0


def test_gradient_by_finite_differences():
    new, old, ref, mask = tokens(rows=3, length=3, dtype=torch.float64)
    advantages = torch.tensor([0.7, -1.1, 0.4], dtype=torch.float64)
    weights = torch.tensor([0.5, 0.8, 1.7], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: grip_sequence_loss(x, old, ref, advantages, mask, weights), (new,), eps=1e-6
    )


def test_gradient_is_the_weighted_sum_of_the_sequences_gradients():
    new, old, ref, mask = tokens()
    advantages = torch.tensor([0.7, -1.1, 0.4, 1.0, -0.2, -0.8])
    weights = torch.tensor([0.5, 0.8, 1.7, 0.6, 1.4, 1.0])
    ones = torch.ones(6)
    (weighted,) = torch.autograd.grad(grip_sequence_loss(new, old, ref, advantages, mask, weights), new)
    (plain,) = torch.autograd.grad(grip_sequence_loss(new, old, ref, advantages, mask, ones), new)
    torch.testing.assert_close(weighted, plain * weights[:, None])


def test_masked_tokens_have_no_gradient_and_no_say():
    new, old, ref, mask = tokens()
    advantages, ones = torch.linspace(-1, 1, 6), torch.ones(6)
    loss = grip_sequence_loss(new, old, ref, advantages, mask, ones)
    (gradient,) = torch.autograd.grad(loss, new)
    assert (gradient[mask == 0] == 0).all()
    changed = torch.where(mask == 0, torch.full_like(old, -9.0), old)
    assert torch.equal(grip_sequence_loss(new, changed, ref, advantages, mask, ones), loss)


def test_on_policy_gradient_is_that_of_the_weighted_mean():
    # At pi = pi_old = pi_ref the gradient of a token is -G w_i A_i / (|o_i| B).
    _, old, _, mask = tokens(dtype=torch.float64)
    new = old.clone().requires_grad_()
    advantages = torch.linspace(-1, 1, 6, dtype=torch.float64)
    weights = torch.tensor([0.5, 0.8, 1.7, 0.6, 1.4, 1.0], dtype=torch.float64)
    (gradient,) = torch.autograd.grad(grip_sequence_loss(new, old, old, advantages, mask, weights), new)
    expected = -(weights * advantages)[:, None] * mask / mask.sum(-1, keepdim=True) / 6
    torch.testing.assert_close(gradient, expected)
