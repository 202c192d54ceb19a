"""The models that a run has saved, as Hugging Face folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(r"global_step_(\d+)")
# veRL's SFT trainer exports beside its shards, its RL trainer under the actor's.
_EXPORTS = ("actor/huggingface", "huggingface")


@dataclass(frozen=True)
class Checkpoint:
    """A model that was saved; ``value`` is the metric at its step, when it was asked for by one."""

    path: Path
    stage: str
    step: int
    value: float | None = None


def saved_models(folder: Path, stages: list[str]) -> list[Checkpoint]:
    """The complete exports below a run's ``checkpoints/``, by stage in the given order, then by step."""
    found = []
    for stage in stages:
        steps = []
        for place in (folder / "checkpoints" / stage).glob("global_step_*"):
            number = _STEP.fullmatch(place.name)
            export = next((place / inside for inside in _EXPORTS if _is_model(place / inside)), None)
            if number and export:
                steps.append(Checkpoint(export, stage, int(number[1])))
        found.extend(sorted(steps, key=lambda one: one.step))
    return found


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))
