"""How groups without a signal are replaced: what veRL's buffer is told, and how far it may go."""

from typing import Any

import pytest
from composing import compose_run
from omegaconf import OmegaConf

from src.config.stages import build_stages
from src.training.sampler import NoSignalError, SelectingReplayBuffer

RUN = ("+recipe=timemaster", "scale=smoke", "runtime=cpu", "stages=[rl]", "data.train_batch_size=4")


def _buffer(asked: list[int], *arguments: str) -> SelectingReplayBuffer:
    """As ``PPOTrainer._build_replay_buffer`` makes a sampler of one's own."""
    (stage,) = build_stages(compose_run(*RUN, *arguments))
    v1: Any = stage.config.trainer.v1
    return SelectingReplayBuffer(
        trainer_mode="sync",
        trainer_config=OmegaConf.create({}),
        max_off_policy_threshold=v1.sampler.max_off_policy_threshold,
        max_off_policy_strategy=v1.sampler.max_off_policy_strategy,
        sampler_kwargs=v1.sampler.sampler_kwargs,
        refill_fn=asked.append,
    )


def test_dapo_tells_the_buffer_what_to_filter() -> None:
    buffer = _buffer([], "algorithm=dapo", "algorithm.filter_groups.max_inflight_gen_batches=2")
    assert (buffer.filter_groups_metric, buffer.train_batch_size, buffer.gen_batch_size) == ("reward", 4, 1)
    assert buffer.max_inflight_gen_batches == 2


def test_other_algorithms_filter_nothing() -> None:
    assert _buffer([], "algorithm=grpo").filter_groups_metric is None


def test_refills_are_counted_and_limited() -> None:
    asked: list[int] = []
    buffer = _buffer(asked, "algorithm=dapo", "algorithm.dapo.refills=2")
    buffer.refill_fn(3)
    buffer.refill_fn(5)
    assert (asked, buffer.refilled) == ([3, 5], 8)
    with pytest.raises(NoSignalError, match=r"8 prompts were sampled beyond the batch, and still too few"):
        buffer.refill_fn(1)
    assert asked == [3, 5]
