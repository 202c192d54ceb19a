"""One run's folder, read."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.record import checkpoints as checkpoint
from src.record.best import chosen_metric, held_out, metric_of
from src.record.checkpoints import Checkpoint
from src.record.evaluation import held_out_scores, read_evaluation
from src.record.layout import RUN_FILE, Layout, SampleFile
from src.record.metric_names import lower_is_better, select
from src.record.reading import RunRecord, listed_stages, load_run, read_meta
from src.record.samples import Sample, read_samples

if TYPE_CHECKING:
    import pandas as pd


class RecordedRun:
    """What a run has recorded. Nothing is read before it is asked for, and nothing is written.

    Args:
        folder: of the run.

    Raises:
        UserError: the folder is not a run's.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.record = read_meta(self.folder)

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
        return listed_stages(self.record)

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
            raise UserError(f"{self.folder / RUN_FILE} holds no configuration")
        config = OmegaConf.create(content)
        assert isinstance(config, DictConfig)
        return config

    @functools.cached_property
    def _read(self) -> RunRecord:
        return load_run(self.folder)

    @property
    def notes(self) -> list[str]:
        """Sentences about what is wrong with the record, such as a torn last line; empty for a whole one."""
        return list(self._read.notes)

    def metrics(self, stage: str | None = None) -> pd.DataFrame:
        """The record as a frame: one row per step, one column per metric, NaN where a step has none.

        A step that was written more than once (resumed runs repeat some) has the later values.

        Args:
            stage: only this stage's rows, by ``step``; None: all rows, by ``stage`` and ``step``.
        """
        import pandas as pd  # takes half a second, and launching needs it not

        frames = {}
        for name, metrics in self._read.metrics.items():
            times = {"time": self._read.times[name]} if name in self._read.times else {}
            columns = {key: pd.Series(one.values, index=one.steps) for key, one in (times | metrics).items()}
            frames[name] = pd.DataFrame(columns).rename_axis("step")
        if stage is not None:
            return frames.get(stage, pd.DataFrame(index=pd.Index([], name="step")))
        empty = pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["stage", "step"]))
        return pd.concat(frames, names=["stage"]) if frames else empty

    @functools.cached_property
    def evaluation(self) -> dict[str, Any]:
        """The scores on the test split, stage -> result; empty when the run was not evaluated."""
        return read_evaluation(self.folder)

    @functools.cached_property
    def scores(self) -> dict[str, float]:
        """The scores the run ended at: ``val/<dataset>/<name>`` and ``test/<dataset>/<name>``."""
        return held_out_scores(self._last, self.evaluation)

    @functools.cached_property
    def _last(self) -> dict[str, float]:
        last: dict[str, float] = {}
        for metrics in self._read.metrics.values():
            for name, series in metrics.items():
                finite = [float(value) for value in series.values if math.isfinite(value)]
                last |= {name: finite[-1]} if finite else {}
        return last

    def score(self, metric: str) -> float:
        """The last value of a metric; a ``*`` stands for any dataset, and their mean is taken. NaN where none is."""
        return select({**self._last, **self.scores}, metric)

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The complete checkpoints that hold a Hugging Face model, by stage and step."""
        layout = Layout(self.folder)
        found = [one for stage in self.stages for one in checkpoint.complete(layout.checkpoints(str(stage["name"])))]
        return [one for one in found if one.model is not None]

    def best_metric(self, stage: str) -> str:
        """By what a stage's checkpoints are judged: ``run.best_metric``, of SFT the held-out loss."""
        trainers = {str(one["name"]): one.get("trainer") for one in self.stages}
        return metric_of(trainers.get(stage), chosen_metric(self.record))

    def best_checkpoint(self, metric: str | None = None, stage: str | None = None) -> Checkpoint:
        """The complete checkpoint that is best by a held-out metric at its own step; its ``model`` is a folder.

        It is the one that the run keeps whatever else it removes, and that ``run.from=RUN@best`` takes.

        Args:
            metric: a name of the record; a ``*`` stands for any dataset. Of errors and losses the lowest is best.
                None: the stage's own, of the last stage that has one.
            stage: only of this stage.

        Raises:
            UserError: no model was saved, or none at a step where the metric was recorded.
        """
        saved = [one for one in self.checkpoints if stage in (None, one.stage)]
        if not saved:
            where = f"stage {stage} of {self.folder}" if stage else str(self.folder)
            raise UserError(f"{where} has no saved model: set trainer.save_freq to a positive number of steps")
        metrics = {one.stage: metric or self.best_metric(one.stage) for one in saved}
        values = {name: held_out(self.folder, name, by) for name, by in metrics.items()}
        judged = [one for one in saved if one.step in values[one.stage]]
        if not judged:
            steps = ", ".join(f"{one.stage} {one.step}" for one in saved)
            raise UserError(
                f"{self.folder}: {' or '.join(dict.fromkeys(reversed(metrics.values())))} was recorded at none of the "
                f"saved steps ({steps}): let trainer.save_freq be a multiple of trainer.test_freq"
            )
        last = judged[-1].stage
        if metric is None:  # what the stages are judged by differs
            judged = [one for one in judged if one.stage == last]
        best = min if lower_is_better(metrics[last]) else max
        return best(judged, key=lambda one: values[one.stage][one.step])

    def sample_files(self, stage: str | None = None) -> list[SampleFile]:
        """The files of sampled answers, by stage and step."""
        return [file for file in self._read.sample_files if stage in (None, file.stage)]

    def last_held_out(self) -> list[Sample]:
        """The held-out answers of the last validated step, as they were sampled; empty when none were kept."""
        last = str(self.stages[-1]["name"]) if self.stages else None
        for file in reversed(self.sample_files(last)):
            if rows := [row for row in read_samples(file, []) if row.split == "val"]:
                return rows
        return []

    def samples(self, stage: str | None = None, step: int | None = None) -> Iterator[Sample]:
        """The sampled answers, in the order of their files: all, or those of a stage or a step."""
        for file in self.sample_files(stage):
            if step in (None, file.step):
                yield from read_samples(file, [])
