"""Read a run folder: `run.json`, `metrics.jsonl` and the names of the sample files.

A run may have been killed at any moment, so a torn last line, lines that are no JSON and missing parts are
noted for the reader of the report and never fatal. Only a folder that is no run at all is an error.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.errors import UserError
from src.record.metrics_log import MetricsLog, Series
from src.record.reading import read_object

SAMPLE_FILE = re.compile(r"(?P<stage>.+)_(?P<step>\d+)\.jsonl")


@dataclass(frozen=True)
class RunRecord:
    """What a run folder holds. `metrics` is stage -> metric name -> series, in the order of the stages.

    `times` is stage -> when each step was recorded, in Unix seconds.
    """

    folder: Path
    meta: dict[str, Any]
    metrics: dict[str, dict[str, Series]]
    sample_files: list[Path]
    notes: list[str] = field(default_factory=list)
    times: dict[str, Series] = field(default_factory=dict)

    @property
    def metric_names(self) -> list[str]:
        """Every metric of any stage, in the order of the record."""
        return list(dict.fromkeys(name for metrics in self.metrics.values() for name in metrics))

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The stages that `run.json` lists, each a mapping with at least `name`."""
        stages = self.meta.get("stages")
        listed = stages if isinstance(stages, list) else []
        return [stage for stage in listed if isinstance(stage, dict) and "name" in stage]


def load_run(folder: Path) -> RunRecord:
    """Read the run in `folder`. Raises UserError when the folder is not a run's."""
    read_meta(folder)
    log = MetricsLog(folder / "metrics.jsonl")
    log.read()
    return assemble(folder, log, torn_matters=True)


def assemble(folder: Path, log: MetricsLog, *, torn_matters: bool) -> RunRecord:
    """Return the record of a run from its folder and what was read of its metrics.

    torn_matters: an unfinished last line is taken as the end of the run; else as a line that is being written.
    """
    meta = read_meta(folder)
    notes: list[str] = []
    listed = meta.get("stages") if isinstance(meta.get("stages"), list) else []
    order = [stage["name"] for stage in listed or [] if isinstance(stage, dict) and "name" in stage]
    metrics, times = log.series(order, notes, torn_matters=torn_matters)
    rank = {name: place for place, name in enumerate(dict.fromkeys([*order, *metrics]))}

    def place(path: Path) -> tuple[int, str, int]:
        stage, step = sample_key(path)
        return rank.get(stage, len(rank)), stage, step

    files = [path for path in folder.glob("samples/*.jsonl") if SAMPLE_FILE.fullmatch(path.name)]
    return RunRecord(folder, meta, metrics, sorted(files, key=place), notes, times)


def sample_key(path: Path) -> tuple[str, int]:
    """Return (stage, step) of a sample file, which is named `<stage>_<step>.jsonl`."""
    match = SAMPLE_FILE.fullmatch(path.name)
    assert match, path
    return match["stage"], int(match["step"])


def read_meta(folder: Path) -> dict[str, Any]:
    """Return `run.json`. Raises UserError when the folder is not a run's."""
    path = folder / "run.json"
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give the folder of a run, outputs/<recipe>/<run>.")
    if not path.is_file():
        raise UserError(f"{folder} is not a run: it has no run.json. Give a folder outputs/<recipe>/<run>.")
    return read_object(path)
