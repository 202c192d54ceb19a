"""One run's folder, read."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.record.reading import read_lines, read_object
from src.runs.checkpoints import Checkpoint, saved_models
from src.runs.scores import held_out_scores, lower_is_better, select

if TYPE_CHECKING:
    import pandas as pd

_SAMPLE_FILE = re.compile(r"(?P<stage>.+)_(?P<step>\d+)\.jsonl")


class RecordedRun:
    """What a run has recorded. Nothing is read before it is asked for, and nothing is written.

    Args:
        folder: of the run.

    Raises:
        UserError: the folder is not a run's.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise UserError(f"{folder} is not a folder: give the folder of a run, outputs/<recipe>/<run>")
        if not (self.folder / "run.json").is_file():
            raise UserError(f"{folder} is not a run: it has no run.json; give a folder outputs/<recipe>/<run>")
        self.record = read_object(self.folder / "run.json")

    def __repr__(self) -> str:
        return f"RecordedRun({str(self.folder)!r}, {self.state})"

    @property
    def name(self) -> str:
        """The folder's name; that of a run that was set aside says so."""
        return self.folder.resolve().name

    @property
    def recipe(self) -> str:
        return str(self.record.get("recipe", ""))

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The stages that ``run.json`` lists, each with ``name`` and ``state``."""
        listed = self.record.get("stages")
        return [one for one in listed if isinstance(one, dict) and "name" in one] if isinstance(listed, list) else []

    @property
    def state(self) -> str:
        """``done`` when every stage is, else the state of the first that is not."""
        states = [str(stage.get("state", "unknown")) for stage in self.stages]
        return next((state for state in states if state != "done"), "done" if states else "unknown")

    @functools.cached_property
    def config(self) -> DictConfig:
        """The composed configuration that the run was launched with."""
        content = self.record.get("config")
        if not isinstance(content, dict):
            raise UserError(f"{self.folder / 'run.json'} holds no configuration")
        config = OmegaConf.create(content)
        assert isinstance(config, DictConfig)
        return config

    @functools.cached_property
    def _lines(self) -> tuple[list[dict[str, Any]], list[str]]:
        path = self.folder / "metrics.jsonl"
        notes: list[str] = []
        if not path.is_file():
            return [], ["there is no metrics.jsonl: the run has not recorded a step"]
        rows = [row for row in read_lines(path, notes) if _is_step(row)]
        return rows, notes if rows else [*notes, "metrics.jsonl holds no step yet"]

    @property
    def notes(self) -> list[str]:
        """What is wrong with the record, such as a torn last line; empty for a whole one."""
        return list(self._lines[1])

    def metrics(self, stage: str | None = None) -> pd.DataFrame:
        """The record as a frame: one row per step, one column per metric, NaN where a step has none.

        A step that was written more than once (resumed runs repeat some) has the later values.

        Args:
            stage: only this stage's rows, by ``step``; None: all rows, by ``stage`` and ``step``.
        """
        import pandas as pd  # takes half a second, and launching needs it not

        steps: dict[tuple[str, int], dict[str, Any]] = {}
        for row in self._lines[0]:
            if stage in (None, row["stage"]):
                steps.setdefault((row["stage"], row["step"]), {}).update(row)
        order = {name: place for place, name in enumerate(dict.fromkeys(name for name, _ in steps))}
        rows = [steps[key] for key in sorted(steps, key=lambda key: (order[key[0]], key[1]))]
        frame = pd.DataFrame(rows, columns=None if rows else ["stage", "step"])
        return frame.set_index(["stage", "step"]) if stage is None else frame.drop(columns="stage").set_index("step")

    @functools.cached_property
    def evaluation(self) -> dict[str, Any]:
        """The scores on the test split, stage -> result; empty when the run was not evaluated."""
        path = self.folder / "evaluation.json"
        return read_object(path) if path.is_file() else {}

    @functools.cached_property
    def scores(self) -> dict[str, float]:
        """The scores the run ended at: ``val/<dataset>/<name>`` and ``test/<dataset>/<name>``."""
        return held_out_scores(self._last, self.evaluation)

    @functools.cached_property
    def _last(self) -> dict[str, float]:
        last: dict[str, float] = {}
        for row in self._lines[0]:
            for name, value in row.items():
                if name not in ("step", "time") and isinstance(value, int | float) and math.isfinite(value):
                    last[name] = float(value)
        return last

    def score(self, metric: str) -> float:
        """The last value of a metric; a ``*`` stands for any dataset, and their mean is taken. NaN where none is."""
        return select({**self._last, **self.scores}, metric)

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The models that were saved, by stage and step."""
        return saved_models(self.folder, [str(stage["name"]) for stage in self.stages])

    def best_checkpoint(self, metric: str = "val/*/reward") -> Checkpoint:
        """The saved model that is best by a held-out metric at its own step.

        Args:
            metric: a name of the record; a ``*`` stands for any dataset. Of errors and losses the lowest is best.

        Raises:
            UserError: no model was saved, or none at a step where the metric was recorded.
        """
        saved = self.checkpoints
        if not saved:
            raise UserError(f"{self.folder} has no saved model: set trainer.save_freq to a positive number of steps")
        by_step: dict[tuple[str, int], dict[str, float]] = {}
        for row in self._lines[0]:
            values = {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
            by_step.setdefault((row["stage"], row["step"]), {}).update(values)
        judged = []
        for one in saved:
            value = select(by_step.get((one.stage, one.step), {}), metric)
            if math.isfinite(value):
                judged.append(Checkpoint(one.path, one.stage, one.step, value))
        if not judged:
            steps = ", ".join(f"{one.stage} {one.step}" for one in saved)
            raise UserError(
                f"{self.folder}: {metric} was recorded at none of the saved steps ({steps}): "
                "let trainer.save_freq be a multiple of trainer.test_freq"
            )
        best = min if lower_is_better(metric) else max
        return best(judged, key=lambda one: one.value or 0.0)

    def sample_files(self, stage: str | None = None) -> list[Path]:
        """The files of sampled answers, by stage and step."""
        keyed = []
        for path in self.folder.glob("samples/*.jsonl"):
            if (match := _SAMPLE_FILE.fullmatch(path.name)) and stage in (None, match["stage"]):
                keyed.append((match["stage"], int(match["step"]), path))
        return [path for *_, path in sorted(keyed)]

    def last_held_out(self) -> list[dict[str, Any]]:
        """The held-out answers of the last validated step, as they were sampled; empty when none were kept."""
        last = self.stages[-1]["name"] if self.stages else None
        for path in reversed(self.sample_files(last)):
            if rows := [row for row in read_lines(path, []) if row.get("split") == "val"]:
                return rows
        return []

    def samples(self) -> Iterator[dict[str, Any]]:
        """All sampled answers, in the order of their files."""
        for path in self.sample_files():
            yield from read_lines(path, [])


def _is_step(row: dict[str, Any]) -> bool:
    return isinstance(row.get("stage"), str) and isinstance(row.get("step"), int)
