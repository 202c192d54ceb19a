"""How many rows a batch is made to have: as many updates as there are mini-batches of prompts, whatever its rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from omegaconf import OmegaConf

from src.training.trainer import RecordedTrainer


def multiple(updates: int, workers: int, *, static: int | None = None, log_probs: int | None = None) -> int:
    """What a batch's number of rows must be a multiple of.

    Args:
        static, log_probs: rows of a micro-batch of the update, and of the reference; None: they go by tokens.
    """
    config = {
        "actor": {"use_dynamic_bsz": static is None, "ppo_micro_batch_size_per_gpu": static},
        "rollout": {"log_prob_use_dynamic_bsz": True, "log_prob_micro_batch_size_per_gpu": None},
        "ref": {"log_prob_use_dynamic_bsz": log_probs is None, "log_prob_micro_batch_size_per_gpu": log_probs},
    }
    trainer: Any = SimpleNamespace(updates=updates, config=OmegaConf.create({"actor_rollout_ref": config}))
    return RecordedTrainer._get_required_batch_multiple(cast(RecordedTrainer, trainer), workers)


@pytest.mark.parametrize(
    ("updates", "workers", "more", "expected"),
    [
        (1, 1, {}, 1),  # no row is added where one process makes one update
        (1, 2, {}, 2),
        (4, 2, {}, 8),
        (2, 2, {"static": 8}, 32),  # of each update each worker has whole micro-batches
        (2, 2, {"static": 8, "log_probs": 6}, 96),
    ],
)
def test_rows_of_a_batch(updates: int, workers: int, more: dict[str, int], expected: int) -> None:
    assert multiple(updates, workers, **more) == expected
