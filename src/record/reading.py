"""What a run has recorded, for those who only read: ``run.json``, the metrics as series, the files of samples.

A run may have been killed at any moment, so a torn last line, lines that are no JSON and missing parts are noted for
the reader and never fatal. Only a folder that is no run at all is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.errors import UserError
from src.record.files import read_json
from src.record.layout import RUN_FILE, Layout, SampleFile, is_run
from src.record.metrics_log import MetricsLog, Series


@dataclass(frozen=True)
class RunRecord:
    """What a run folder holds. ``meta`` is ``run.json``.

    ``metrics`` is stage -> metric name -> series, in the order of the stages; ``times`` is stage -> when each step was
    recorded, in Unix seconds. ``notes`` are sentences about what is wrong with the record.
    """

    folder: Path
    meta: dict[str, Any]
    metrics: dict[str, dict[str, Series]]
    sample_files: list[SampleFile]
    notes: list[str] = field(default_factory=list)
    times: dict[str, Series] = field(default_factory=dict)

    @property
    def reached(self) -> dict[str, int]:
        """The last step that each stage has recorded, by the stage's name."""
        last = {stage: [int(one.steps[-1]) for one in metrics.values()] for stage, metrics in self.metrics.items()}
        return {stage: max(steps) for stage, steps in last.items() if steps}

    @property
    def trainers(self) -> dict[str, str]:
        """Each stage's trainer, ``sft`` or ``ppo``, by the stage's name."""
        return {str(stage["name"]): str(stage.get("trainer")) for stage in self.stages}

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The stages that ``run.json`` lists, each with at least ``name``."""
        return listed_stages(self.meta)


def load_run(folder: Path) -> RunRecord:
    """Read the run in ``folder``.

    Raises:
        UserError: the folder is not a run's.
    """
    read_meta(folder)
    log = MetricsLog(Layout(folder).metrics_file)
    log.read()
    return assemble(folder, log, torn_matters=True)


def assemble(folder: Path, log: MetricsLog, *, torn_matters: bool) -> RunRecord:
    """The record of a run from its folder and what was read of its metrics.

    Args:
        torn_matters: whether a last line without an end is the end of the run; else it is being written.

    Raises:
        UserError: the folder is not a run's.
    """
    meta = read_meta(folder)
    notes: list[str] = []
    order = [str(stage["name"]) for stage in listed_stages(meta)]
    metrics, times = log.series(order, notes, torn_matters=torn_matters)
    rank = {name: place for place, name in enumerate(dict.fromkeys([*order, *metrics]))}
    files = sorted(Layout(folder).sample_files(), key=lambda file: (rank.get(file.stage, len(rank)), file))
    return RunRecord(folder, meta, metrics, files, notes, times)


def read_meta(folder: Path) -> dict[str, Any]:
    """What ``run.json`` holds.

    Raises:
        UserError: the folder is not a run's, or the file cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give the folder of a run, outputs/<recipe>/<run>.")
    if not is_run(folder):
        raise UserError(f"{folder} is not a run: it has no {RUN_FILE}. Give a folder outputs/<recipe>/<run>.")
    return read_json(folder / RUN_FILE)


def listed_stages(meta: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages that ``run.json`` lists, each with at least ``name``."""
    listed = meta.get("stages")
    return [one for one in listed if isinstance(one, dict) and "name" in one] if isinstance(listed, list) else []
