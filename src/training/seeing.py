"""Checks of a stage whose rows have images: that the model is shown them, and the same ones everywhere.

veRL trains without images where a processor could not be loaded, and on other pixels than the rollout saw where these
were normalised differently; neither ends in an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from src.errors import UserError
from src.tasks.stored import has_images

# Nats per token, mean. What the two engines differ by on the same rows: some 1e-6 in float32; 0.01 to 0.03 in bfloat16.
BOUNDS = {"float32": 1e-3}
BOUND = 0.1


def require_processor(files: Iterable[str], processor: Any) -> bool:
    """Tell whether rows have images.

    Raises:
        UserError: they have, and there is no processor that shows them to the model.
    """
    seen = any(has_images(Path(file)) for file in files)
    if seen and processor is None:
        raise UserError(
            "the rows have images, and the model's processor could not be loaded: veRL would train without them. Copy "
            "the processor's files to the model's folder, or choose a vision-language model"
        )
    return seen


def gap_bound(config: DictConfig) -> float:
    """How far rollout and training may be apart in the first step.

    Args:
        config: veRL's root of an RL stage.
    """
    given = config.trainer.v1.sampler.sampler_kwargs.get("max_logprob_gap")
    return float(given) if given is not None else BOUNDS.get(str(config.actor_rollout_ref.rollout.dtype), BOUND)


def check_gap(gap: float, bound: float) -> None:
    """Stop a run whose rollout and trainer see different things.

    Args:
        gap: mean absolute difference of their log-probabilities, in nats per token.

    Raises:
        UserError: it is above the bound.
    """
    if not gap <= bound:
        raise UserError(
            f"rollout and training differ by {gap:.2g} nats per token in the first step (logprob_gap/mean), and "
            f"{bound:.2g} at most is rounding: they do not see the same images. Compare how both normalise and resize "
            "them (actor_rollout_ref.rollout.load_format=auto takes the rollout's model from its files), or raise "
            "launch.max_logprob_gap if this is known and meant"
        )
