"""The loss that veRL's workers run on a step of ARTIST is the paper's, KL and rows that fill the batch included."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from artist_step import direct_loss, kept_rows, step
from tensordict import TensorDict
from verl.utils import tensordict_utils as tu
from verl.workers.config import FSDPActorConfig

from recipes.artist.algorithm import Artist
from src.algorithms.weighted_loss import KL_WEIGHT, SEQUENCE_WEIGHT, weighted_ppo_loss

BETA = 0.002
PROMPT = 3


def nested(rows: list[torch.Tensor]) -> torch.Tensor:
    return torch.nested.as_nested_tensor(rows, layout=torch.jagged)


@pytest.mark.parametrize("padding", [0, 3])
def test_loss_and_gradient_are_those_of_the_equations(padding: int) -> None:
    generator = torch.Generator().manual_seed(5)
    kept = kept_rows(Artist().select(step(questions=2), step=3))
    advantages = Artist().advantages(kept)
    lengths = [int(length) for length in kept.lengths] + [1] * padding
    rows = len(kept.keys)
    log_pi = [-torch.rand(length, generator=generator, dtype=torch.float64) * 2 for length in lengths]
    reference = [one + 0.3 * torch.randn(len(one), generator=generator, dtype=torch.float64) for one in log_pi]
    full = [*advantages, *[0.0] * padding]
    filled = [torch.full((n,), int(row < rows)) for row, n in enumerate(lengths)]
    assert kept.kl_weights is not None
    columns = {
        "prompts": nested([torch.ones(PROMPT, dtype=torch.int64) for _ in lengths]),
        "responses": nested([torch.ones(length, dtype=torch.int64) for length in lengths]),
        "response_mask": nested(filled),
        "old_log_probs": nested([one.clone() for one in log_pi]),  # on policy, as with one update a batch
        "ref_log_prob": nested(reference),
        "advantages": nested(
            [torch.full((n,), float(a), dtype=torch.float64) for a, n in zip(full, lengths, strict=True)]
        ),
        SEQUENCE_WEIGHT: torch.from_numpy(np.append(kept.weights, np.ones(padding))),
        KL_WEIGHT: torch.from_numpy(np.append(kept.kl_weights, np.ones(padding))),
    }
    data = TensorDict(columns, batch_size=[len(lengths)])
    tu.assign_non_tensor(data, dp_size=1, batch_num_tokens=int(kept.lengths.sum()), global_batch_size=len(lengths))

    leaf = torch.cat(log_pi).requires_grad_()
    parts = leaf.split(lengths)
    # The model's output at a position belongs to the next token.
    output = nested([torch.cat([torch.zeros(PROMPT - 1), one, torch.zeros(1)]) for one in parts])
    config = FSDPActorConfig(
        rollout_n=6, ppo_micro_batch_size_per_gpu=1, loss_agg_mode="token-mean", use_kl_loss=True, kl_loss_coef=BETA,
        kl_loss_type="low_var_kl",
    )  # fmt: skip
    loss, _ = weighted_ppo_loss(config, {"log_probs": output}, data)
    (gradient,) = torch.autograd.grad(loss, leaf)

    moved = [one.detach().clone().requires_grad_() for one in parts]
    ratios = [(one - one.detach()).exp() for one in moved]
    k3 = [(two - one).exp() - (two - one) - 1 for one, two in zip(moved, reference, strict=True)]
    expected = direct_loss(kept, advantages, ratios[:rows], k3[:rows], BETA)
    expected.backward()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(
        gradient, torch.cat([torch.zeros_like(one) if one.grad is None else one.grad for one in moved])
    )
    assert gradient.abs().max() > 0 and not gradient[len(gradient) - padding :].any()
