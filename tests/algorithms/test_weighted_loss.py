"""The loss that veRL's workers run, held to veRL's own and to equation 6. Importing veRL takes a while."""

import copy

import numpy as np
import pytest
import torch
from tensordict import TensorDict
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage
from verl.utils import tensordict_utils as tu
from verl.workers.config import FSDPActorConfig, PolicyLossConfig
from verl.workers.utils.losses import ppo_loss

from src.algorithms.advantages import group_advantages
from src.algorithms.grip import grip_sequence_loss
from src.algorithms.weighted_loss import KL_WEIGHT, SEQUENCE_WEIGHT, weighted_ppo_loss

PROMPT_LENGTHS = [3, 2, 4, 1, 2]
RESPONSE_LENGTHS = [5, 1, 7, 3, 4]
ROWS = len(RESPONSE_LENGTHS)
WEIGHTS = [0.4, 1.9, 0.7, 1.2, 0.8]


def actor_config(**changes) -> FSDPActorConfig:
    settings = {
        "rollout_n": ROWS,
        "ppo_micro_batch_size_per_gpu": ROWS,
        "loss_agg_mode": "seq-mean-token-mean",
        "use_kl_loss": True,
        "kl_loss_coef": 0.04,
        "kl_loss_type": "low_var_kl",
    }
    return FSDPActorConfig(**(settings | changes))


def nested(rows: list[torch.Tensor]) -> torch.Tensor:
    return torch.nested.as_nested_tensor(rows, layout=torch.jagged)


def micro_batch(seed: int = 0, spread: float = 0.3, importance: bool = False):
    """A micro-batch in veRL's form, the leaf tensor of log-probabilities, and veRL's model output."""
    generator = torch.Generator().manual_seed(seed)

    def per_token(scale: float) -> list[torch.Tensor]:
        return [scale * torch.randn(length, generator=generator) for length in RESPONSE_LENGTHS]

    old = [-1.5 + row for row in per_token(0.3)]
    mask = [torch.ones(length, dtype=torch.int64) for length in RESPONSE_LENGTHS]
    mask[2][3:5] = 0  # A hole, as a tool's answer leaves one.
    advantages = torch.randn(ROWS, generator=generator)
    columns = {
        "prompts": nested([torch.ones(length, dtype=torch.int64) for length in PROMPT_LENGTHS]),
        "responses": nested([torch.ones(length, dtype=torch.int64) for length in RESPONSE_LENGTHS]),
        "response_mask": nested(mask),
        "old_log_probs": nested(old),
        "ref_log_prob": nested([a + b for a, b in zip(old, per_token(spread), strict=True)]),
        "advantages": nested([torch.full((n,), float(a)) for a, n in zip(advantages, RESPONSE_LENGTHS, strict=True)]),
    }
    if importance:
        columns["rollout_is_weights"] = nested([torch.exp(row) for row in per_token(0.2)])
    data = TensorDict(columns, batch_size=[ROWS])
    tu.assign_non_tensor(data, dp_size=1, batch_num_tokens=int(sum(m.sum() for m in mask)), global_batch_size=ROWS)

    total = sum(PROMPT_LENGTHS) + sum(RESPONSE_LENGTHS)
    values = torch.randn(total, generator=generator)
    start = 0
    for row, (prompt, response) in enumerate(zip(PROMPT_LENGTHS, RESPONSE_LENGTHS, strict=True)):
        # The model's output at a position belongs to the next token.
        span = slice(start + prompt - 1, start + prompt + response - 1)
        values[span] = old[row] + spread * torch.randn(response, generator=generator)
        start += prompt + response
    values.requires_grad_()
    lengths = torch.tensor([p + r for p, r in zip(PROMPT_LENGTHS, RESPONSE_LENGTHS, strict=True)])
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    output = {
        "log_probs": torch.nested.nested_tensor_from_jagged(values, offsets=offsets),
        "entropy": torch.nested.nested_tensor_from_jagged(values.square(), offsets=offsets),
    }
    return data, values, output


def with_weights(data: TensorDict, weights: torch.Tensor) -> TensorDict:
    data = data.clone(recurse=False)
    data[SEQUENCE_WEIGHT] = weights
    return data


def evaluate(loss_function, config, seed=0, weights=None, spread=0.3, importance=False):
    """Loss, gradient and metrics (as plain numbers) on the same micro-batch every time."""
    data, leaf, output = micro_batch(seed, spread, importance)
    if weights is not None:
        data = with_weights(data, weights)
    loss, metrics = loss_function(config=config, model_output=output, data=data, dp_group=None)
    (gradient,) = torch.autograd.grad(loss, leaf)
    plain = {k: v if isinstance(v, float) else (v.aggregation, v.values) for k, v in metrics.items()}
    return loss.detach(), gradient, plain


VARIANTS = {
    "paper": {},
    "no KL": {"use_kl_loss": False},
    "entropy": {"entropy_coeff": 0.01},
    "token mean": {"loss_agg_mode": "token-mean"},
    "clip higher": {"clip_ratio_high": 0.28, "kl_loss_type": "k2"},
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("weights", [None, torch.ones(ROWS)], ids=["absent", "ones"])
@pytest.mark.parametrize("importance", [False, True], ids=["plain", "importance weights"])
def test_without_weights_it_is_verls_loss_to_the_last_bit(changes, weights, importance):
    config = actor_config(**changes)
    for seed in range(3):
        loss, gradient, metrics = evaluate(weighted_ppo_loss, config, seed, weights, importance=importance)
        loss_verl, gradient_verl, metrics_verl = evaluate(ppo_loss, config, seed, importance=importance)
        assert torch.equal(loss, loss_verl)
        assert torch.equal(gradient, gradient_verl)
        assert metrics == metrics_verl
        assert gradient.abs().max() > 0


def reference(weights: torch.Tensor, seed: int, spread: float = 0.3):
    """Equation 6 on the same numbers: loss and gradient with respect to the model's output."""
    data, leaf, _ = micro_batch(seed, spread)
    padded = {
        key: torch.nested.to_padded_tensor(data[key], padding=0.0)
        for key in ("response_mask", "old_log_probs", "ref_log_prob", "advantages")
    }
    rows, start = [], 0
    for prompt, response in zip(PROMPT_LENGTHS, RESPONSE_LENGTHS, strict=True):
        row = leaf[start + prompt - 1 : start + prompt + response - 1]
        rows.append(torch.nn.functional.pad(row, (0, max(RESPONSE_LENGTHS) - response)))
        start += prompt + response
    loss = grip_sequence_loss(
        torch.stack(rows),
        padded["old_log_probs"],
        padded["ref_log_prob"],
        padded["advantages"][:, 0],
        padded["response_mask"],
        weights,
        clip=0.2,
        beta=0.04,
    )
    (gradient,) = torch.autograd.grad(loss, leaf)
    return loss.detach(), gradient


# Equation 6 has no dual clip: veRL bounds -rho A by -3 A where A < 0.
NO_DUAL_CLIP = actor_config(clip_ratio_c=1e9)


@pytest.mark.parametrize("shape", [(ROWS,), (ROWS, 1)])
@pytest.mark.parametrize("seed", range(6))
def test_weighted_loss_is_equation_6(seed, shape):
    weights = torch.tensor(WEIGHTS)
    loss, gradient, _ = evaluate(weighted_ppo_loss, NO_DUAL_CLIP, seed, weights.reshape(shape))
    expected_loss, expected_gradient = reference(weights, seed)
    torch.testing.assert_close(loss, expected_loss, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-5, atol=1e-7)
    unweighted, _ = reference(torch.ones(ROWS), seed)
    assert (loss - unweighted).abs() > 1e-3


def test_dual_clip_is_what_verl_adds_to_equation_6():
    # Seed 3 has a token with A = -1.06 and rho = 3.116: the one token of the row of weight 1.9, of 5 rows.
    weights = torch.tensor(WEIGHTS)
    clipped = evaluate(weighted_ppo_loss, actor_config(), 3, weights)[0]
    expected = reference(weights, 3)[0] - 1.9 * 1.0591074 * (3.1164 - 3.0) / 5
    assert clipped.item() == pytest.approx(expected.item(), abs=1e-4)


def test_kl_is_inside_the_weight():
    weights = torch.tensor(WEIGHTS)
    strong, none = actor_config(kl_loss_coef=10.0), actor_config(kl_loss_coef=0.0)
    difference = evaluate(weighted_ppo_loss, strong, weights=weights)[0]
    difference = difference - evaluate(weighted_ppo_loss, none, weights=weights)[0]
    data, _, _ = micro_batch()
    per_sequence = []
    for row in range(ROWS):
        single = torch.zeros(ROWS)
        single[row] = 1.0
        only = evaluate(weighted_ppo_loss, strong, weights=single)[0]
        per_sequence.append(only - evaluate(weighted_ppo_loss, none, weights=single)[0])
    torch.testing.assert_close(difference, (weights * torch.stack(per_sequence)).sum(), rtol=1e-4, atol=1e-6)
    assert len(data) == ROWS and difference > 0


def test_kl_can_have_a_weight_of_its_own():
    data, _, output = micro_batch()
    data = with_weights(data, torch.tensor(WEIGHTS))
    same = weighted_ppo_loss(actor_config(), output, data)[0]
    data[KL_WEIGHT] = torch.tensor(WEIGHTS)
    assert torch.equal(weighted_ppo_loss(actor_config(), output, data)[0], same)
    data[KL_WEIGHT] = torch.zeros(ROWS)
    assert torch.equal(
        weighted_ppo_loss(actor_config(), output, data)[0],
        weighted_ppo_loss(actor_config(use_kl_loss=False), output, data)[0],
    )


def test_kl_metric_is_the_weighted_term():
    weights = torch.tensor(WEIGHTS)
    with_kl = evaluate(weighted_ppo_loss, actor_config(), weights=weights)
    without = evaluate(weighted_ppo_loss, actor_config(use_kl_loss=False), weights=weights)
    assert with_kl[2]["kl_coef"] == 0.04
    assert (with_kl[0] - without[0]).item() == pytest.approx(0.04 * with_kl[2]["kl_loss"][1][0], rel=1e-4)
    assert "kl_loss" not in without[2]


def test_entropy_has_no_weight():
    weights = torch.tensor(WEIGHTS)
    with_bonus, without = actor_config(entropy_coeff=0.5), actor_config()
    weighted = evaluate(weighted_ppo_loss, with_bonus, weights=weights)[0]
    weighted = weighted - evaluate(weighted_ppo_loss, without, weights=weights)[0]
    plain = evaluate(ppo_loss, with_bonus)[0] - evaluate(ppo_loss, without)[0]
    torch.testing.assert_close(weighted, plain, rtol=1e-4, atol=1e-6)
    assert plain.abs() > 1e-2


def test_weights_multiply_existing_importance_weights():
    weights = torch.tensor(WEIGHTS)
    config = actor_config(use_kl_loss=False)
    total = evaluate(weighted_ppo_loss, config, weights=weights, importance=True)[1]
    plain = evaluate(ppo_loss, config, importance=True)[1]
    per_position = torch.cat(
        [torch.full((p + r,), w) for w, p, r in zip(WEIGHTS, PROMPT_LENGTHS, RESPONSE_LENGTHS, strict=True)]
    )
    torch.testing.assert_close(total, plain * per_position)


def test_padded_layout_gives_the_same_loss():
    data, leaf, output = micro_batch()
    weights = torch.tensor(WEIGHTS)
    jagged = weighted_ppo_loss(actor_config(), output, with_weights(data, weights))[0]
    width = max(PROMPT_LENGTHS)
    columns = {
        key: torch.nested.to_padded_tensor(data[key], padding=0)
        for key in ("responses", "response_mask", "old_log_probs", "ref_log_prob", "advantages")
    }
    columns["prompts"] = torch.ones(ROWS, width, dtype=torch.int64)
    prompt_mask = torch.arange(width) >= width - torch.tensor(PROMPT_LENGTHS)[:, None]
    response_mask = torch.arange(max(RESPONSE_LENGTHS)) < torch.tensor(RESPONSE_LENGTHS)[:, None]
    columns["attention_mask"] = torch.cat([prompt_mask, response_mask], dim=1).long()
    padded = TensorDict(columns, batch_size=[ROWS])
    tu.assign_non_tensor(padded, dp_size=1, batch_num_tokens=18, global_batch_size=ROWS)
    dense = weighted_ppo_loss(actor_config(), output, with_weights(padded, weights))[0]
    torch.testing.assert_close(dense, jagged)
    assert leaf.requires_grad


def test_micro_batches_add_up_to_the_whole():
    weights = torch.tensor(WEIGHTS)
    data, leaf, output = micro_batch()
    whole = weighted_ppo_loss(actor_config(), output, with_weights(data, weights))[0]
    parts = []
    offsets = output["log_probs"].offsets()
    for rows in ([0, 1], [2, 3, 4]):
        part = tu.index_select_tensor_dict(with_weights(data, weights), rows)
        start, end = offsets[rows[0]], offsets[rows[-1] + 1]
        cut = offsets[rows[0] : rows[-1] + 2] - start
        outputs = {"log_probs": torch.nested.nested_tensor_from_jagged(leaf[start:end], offsets=cut)}
        parts.append(weighted_ppo_loss(actor_config(), outputs, part)[0])
    torch.testing.assert_close(sum(parts), whole)


def test_configuration_and_data_are_left_as_they_were():
    config = actor_config()
    data, _, output = micro_batch()
    data = with_weights(data, torch.tensor(WEIGHTS))
    keys = set(data.keys())
    before = copy.deepcopy({name: config[name] for name in ("use_kl_loss", "kl_loss_coef", "loss_agg_mode")})
    weighted_ppo_loss(config, output, data)
    assert {name: config[name] for name in before} == before
    assert set(data.keys()) == keys
    assert config.global_batch_info["global_batch_size"] == ROWS


@pytest.mark.parametrize("weights", [torch.ones(ROWS, 2), nested([torch.ones(n) for n in RESPONSE_LENGTHS])])
def test_a_column_of_another_shape_is_refused(weights):
    data, _, output = micro_batch()
    with pytest.raises(ValueError, match=r"column sequence_weight must have shape \(5,\), one weight per sequence"):
        weighted_ppo_loss(actor_config(), output, with_weights(data, weights))


def test_a_loss_that_would_ignore_the_weights_is_refused():
    config = actor_config(policy_loss=PolicyLossConfig(loss_mode="bypass_mode"))
    data, _, output = micro_batch()
    with pytest.raises(ValueError, match="loss_mode=bypass_mode ignores sequence weights"):
        weighted_ppo_loss(config, output, with_weights(data, torch.tensor(WEIGHTS)))


@pytest.mark.parametrize("seed", range(3))
def test_advantages_are_verls_to_the_last_bit(seed):
    rewards = torch.randn(12, generator=torch.Generator().manual_seed(seed))
    groups = np.random.default_rng(seed).permutation(np.repeat(["a", "b", "c"], 4))
    mask = torch.ones(12, 1)
    verl, _ = compute_grpo_outcome_advantage(rewards[:, None].clone(), mask, groups)
    assert torch.equal(group_advantages(rewards, list(groups)), verl[:, 0])
