"""What a step of a stage asks of the model at most, in calls and tokens, for the dry run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omegaconf import OmegaConf

from src.config.algorithm import make_algorithm
from src.config.stages import Stage
from src.tasks.calls import Calls
from src.tasks.task import load_task


def costs(stages: Sequence[Stage]) -> list[str]:
    """A line for each RL stage and each way that its task's sessions can go."""
    return [line for stage in stages if stage.trainer != "sft" for line in _of(stage)]


def _of(stage: Stage) -> list[str]:
    prompts, longest = stage.config.data.train_batch_size, stage.config.data.max_response_length
    named: Any = OmegaConf.to_container(stage.config.trainer.v1.sampler.sampler_kwargs.algorithm, resolve=True)
    sampled = make_algorithm(**named).sampled_per_prompt(stage.config.actor_rollout_ref.rollout.n)
    begin = f"stage {stage.name}: a step of {prompts} prompts with {sampled} sessions each"
    return [
        f"{begin}{f', {way},' if way else ''} makes {_sum(calls, prompts * sampled, longest)}"
        for way, calls in load_task(stage.dataset).calls.items()
    ]


def _sum(calls: Sequence[Calls], sessions: int, longest: int) -> str:
    limits = [longest if one.tokens is None else min(one.tokens, longest) for one in calls]
    said = " and ".join(
        f"{sessions * one.count:,} {one.role} calls of {limit:,} tokens"
        for one, limit in zip(calls, limits, strict=True)
    )
    total = sum(sessions * one.count * limit for one, limit in zip(calls, limits, strict=True))
    return f"{said}: {total:,} new tokens at most"
