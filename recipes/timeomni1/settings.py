"""The typed form of conf/dataset/timeomni1.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig

from data_pipelines.typed import read_typed
from src.errors import DataError

# The order gives each task its range of seeds, so a new task goes to the end.
TASKS = ("scenario", "causality", "forecasting", "decision", "pricing")
# Likewise; ``test_ood`` goes into the file of ``test``.
SPLITS = ("sft", "train", "val", "test", "test_ood", "sft_val")


@dataclass
class Traces:
    """What the SFT stage imitates.

    Args:
        answer_only: prompts and answers without reasoning.
        file: ready-made SFT rows, of recipes.timeomni1.teacher.
        overruled: share of the generators' own traces of choices in which a rule of thumb overrules the reasoning, so
            that it is left to RL to find out that reasoning pays; answers without reasoning and ready-made rows have
            none.
    """

    answer_only: bool = False
    overruled: float = 0.0
    file: str | None = None


@dataclass
class DatasetSettings:
    """A dataset's node in the configuration.

    Args:
        size: paper or short.
        tasks: what is trained.
        test_tasks: what is tested and validated; null: the same.
        rows: per split and task.
        max_prompt_tokens: longer prompts are dropped and counted.
        tokenizer: a folder with tokenizer.json, or null for an estimate.
        magnitude_cue: balanced, or natural: in causality the larger river is downstream, as on real maps and in the
            paper's rationale.
    """

    name: str = MISSING
    title: str = MISSING
    task: str = "recipes.timeomni1.task.TimeOmni1"
    size: str = "paper"
    tasks: list[str] = field(default_factory=lambda: list(TASKS[:4]))
    test_tasks: list[str] | None = None
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    seed: int = 0
    max_prompt_tokens: int | None = None
    tokenizer: str | None = None
    magnitude_cue: str = "balanced"
    traces: Traces = field(default_factory=Traces)

    @property
    def tested(self) -> list[str]:
        return self.test_tasks if self.test_tasks is not None else self.tasks

    def plan(self) -> list[tuple[str, str, int]]:
        """(split, task, number of rows), in the order of the files."""
        return [
            (split, task, self.rows.get(split, {}).get(task, 0))
            for split in SPLITS
            for task in (self.tasks if split in ("sft", "train", "sft_val") else self.tested)
        ]

    def draw_options(self, task: str) -> dict[str, Any]:
        """What a task's generator is told beside size and distribution."""
        return {"magnitude_cue": self.magnitude_cue} if task == "causality" else {}

    def content(self) -> dict[str, Any]:
        """What decides the built rows."""
        content = asdict(self)
        for name in ("task", "tokenizer"):
            del content[name]
        del content["traces"]["file"]
        return content


def read_settings(cfg: Mapping[str, Any] | DictConfig) -> DatasetSettings:
    """Check ``cfg`` against DatasetSettings.

    Raises:
        DataError: it names the key and the fix.
    """
    settings = read_typed(cfg, DatasetSettings)
    for key, tasks in (("tasks", settings.tasks), ("test_tasks", settings.tested)):
        if not tasks or len(set(tasks)) < len(tasks):
            raise DataError(f"dataset.{key}={tasks}: name at least one task, and each once")
        for task in tasks:
            if task not in TASKS:
                raise DataError(f"dataset.{key} names the unknown task '{task}': choose from {', '.join(TASKS)}")
    if settings.size not in ("paper", "short"):
        raise DataError(f"dataset.size is '{settings.size}': set it to paper or short")
    if settings.magnitude_cue not in ("balanced", "natural"):
        raise DataError(f"dataset.magnitude_cue is '{settings.magnitude_cue}': set it to balanced or natural")
    if not 0 <= settings.traces.overruled <= 1:
        raise DataError(f"dataset.traces.overruled is {settings.traces.overruled}: set it to a share from 0 to 1")
    if settings.seed < 0:
        raise DataError(f"dataset.seed is {settings.seed}: set it to at least 0")
    for split, counts in settings.rows.items():
        if split not in SPLITS:
            raise DataError(f"dataset.rows.{split} is no split: choose from {', '.join(SPLITS)}")
        for task, count in counts.items():
            if task not in TASKS or count < 0:
                raise DataError(
                    f"dataset.rows.{split}.{task}={count}: give a task of {', '.join(TASKS)} at least 0 rows"
                )
    return settings
