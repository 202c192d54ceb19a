"""GRIP on a batch, and its objective."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from src.algorithms.grip import (
    GripSettings,
    grip_sequence_loss,
    group_advantages,
    group_rng,
    select_batch,
)
from src.algorithms.selection import STRATEGIES

SELECTIVE = [name for name in STRATEGIES if name != "all"]


def batch(prompts: int = 4, rollouts: int = 12, seed: int = 0):
    """Rewards, group ids and rollout numbers, prompt by prompt."""
    rewards = np.random.default_rng(seed).uniform(-1, 1.1, prompts * rollouts).round(1)
    groups = [f"prompt{i // rollouts}" for i in range(rewards.size)]
    return rewards, groups, [i % rollouts for i in range(rewards.size)]


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
    rewards, groups, _ = batch()
    selection = select_batch(rewards, groups, GripSettings(keep=4, sampling=sampling), step=3)
    assert (np.diff(selection.kept) > 0).all()
    np.testing.assert_array_equal(np.bincount(selection.kept // 12), [4, 4, 4, 4])
    np.testing.assert_allclose(selection.weights.reshape(4, 4).mean(axis=1), 1.0)


def test_weights_are_those_of_the_kept_rewards():
    rewards, groups, _ = batch()
    selection = select_batch(rewards, groups, GripSettings(keep=4, sampling="local"), step=0)
    odds = np.exp(rewards[selection.kept]).reshape(4, 4)
    np.testing.assert_allclose(selection.weights.reshape(4, 4), 4 * odds / odds.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("sampling", SELECTIVE)
def test_order_of_rows_does_not_matter(sampling):
    rewards, groups, numbers = batch()
    settings = GripSettings(keep=4, sampling=sampling, seed=11)
    reference = select_batch(rewards, groups, settings, 5, numbers)
    expected = {(groups[i], numbers[i]): w for i, w in zip(reference.kept, reference.weights, strict=True)}
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(rewards.size)
        shuffled = select_batch(rewards[order], [groups[i] for i in order], settings, 5, [numbers[i] for i in order])
        got = {(groups[order[i]], numbers[order[i]]): w for i, w in zip(shuffled.kept, shuffled.weights, strict=True)}
        assert got == pytest.approx(expected)


@pytest.mark.parametrize("sampling", ["local", "cluster", "uniform"])
def test_a_groups_choice_does_not_depend_on_other_groups(sampling):
    rewards, groups, _ = batch()
    settings = GripSettings(keep=4, sampling=sampling)
    together = select_batch(rewards, groups, settings, 2).kept
    alone = select_batch(rewards[24:36], groups[24:36], settings, 2).kept
    np.testing.assert_array_equal(together[(together >= 24) & (together < 36)], alone + 24)


def test_seed_step_and_group_each_change_the_choice():
    rewards = np.zeros(24)
    settings = {"keep": 8, "sampling": "uniform"}

    def choice(seed: int, step: int, group: str) -> tuple[int, ...]:
        return tuple(select_batch(rewards, [group] * 24, GripSettings(seed=seed, **settings), step).kept)

    choices = [choice(0, 0, "a"), choice(1, 0, "a"), choice(0, 1, "a"), choice(0, 0, "b")]
    assert len(set(choices)) == 4
    assert choice(0, 0, "a") == choices[0]


def test_generator_is_the_same_in_another_process():
    code = "from src.algorithms.grip import group_rng; print(group_rng(1, 2, 'etth1-17').integers(2**62))"
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": "."}
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout
    assert int(printed) == group_rng(1, 2, "etth1-17").integers(2**62)


def test_k_of_one_keeps_every_row_for_every_strategy():
    rewards, groups, _ = batch()
    for sampling in STRATEGIES:
        settings = GripSettings(keep=12, sampling=sampling, weights="uniform")
        selection = select_batch(rewards, groups, settings, step=9)
        np.testing.assert_array_equal(selection.kept, np.arange(48))
        np.testing.assert_array_equal(selection.weights, np.ones(48))


def test_a_group_with_too_few_rollouts_is_named():
    rewards, groups, _ = batch()
    with pytest.raises(ValueError, match="group 'prompt3': cannot keep 8 of 7 rollouts"):
        select_batch(rewards[:43], groups[:43], GripSettings(keep=8), step=0)


def test_inconsistent_columns_are_refused():
    rewards, groups, numbers = batch()
    with pytest.raises(ValueError, match="47 group ids for 48 rollouts"):
        select_batch(rewards, groups[1:], GripSettings(keep=4), 0)
    with pytest.raises(ValueError, match="47 rollout numbers for 48 rollouts"):
        select_batch(rewards, groups, GripSettings(keep=4), 0, numbers[1:])
    with pytest.raises(ValueError, match="group 'prompt0': rollout numbers repeat"):
        select_batch(rewards, groups, GripSettings(keep=4), 0, [0] * 48)


def test_an_empty_batch_keeps_nothing():
    selection = select_batch(np.empty(0), [], GripSettings(keep=4), 0)
    assert selection.kept.shape == selection.weights.shape == (0,)


# ------------------------------------------------------------------ advantages


def test_advantages_by_hand():
    # Group a: 1, 2, 3: mean 2, unbiased standard deviation 1. Group b: 0, 4: mean 2, deviation sqrt(8).
    rewards = torch.tensor([1.0, 0.0, 2.0, 4.0, 3.0], dtype=torch.float64)
    advantages = group_advantages(rewards, ["a", "b", "a", "b", "a"], eps=0.0)
    root_half = 0.5**0.5
    torch.testing.assert_close(advantages, torch.tensor([-1.0, -root_half, 0.0, root_half, 1.0], dtype=torch.float64))


def test_advantages_without_spread_are_exactly_zero():
    # The float32 mean of seven times 0.1 is not 0.1; divided by eps that error would be a gradient.
    rewards = torch.tensor([0.1] * 7 + [0.9])
    assert torch.equal(group_advantages(rewards, [0] * 7 + [1]), torch.zeros(8))


def test_eps_bounds_the_advantage_of_a_tiny_spread():
    rewards = torch.tensor([0.0, 1e-9], dtype=torch.float64)
    assert group_advantages(rewards, [0, 0]).abs().max().item() < 1e-3


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
    settings = GripSettings(keep=3, sampling=sampling, weights="uniform")
    selection = select_batch(rewards, groups, settings, step=seed)
    kept = torch.from_numpy(selection.kept)
    advantages = group_advantages(
        torch.from_numpy(rewards[selection.kept]).float(), [groups[i] for i in selection.kept]
    )
    grip = grip_sequence_loss(
        new[kept], old[kept], ref[kept], advantages, mask[kept], torch.from_numpy(selection.weights).float()
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
