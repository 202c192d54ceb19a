"""Read a run folder: `run.json`, `metrics.jsonl` and the names of the sample files.

A run may have been killed at any moment, so a torn last line, lines that are no JSON and missing parts are
noted for the reader of the report and never fatal. Only a folder that is no run at all is an error.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import UserError

SAMPLE_FILE = re.compile(r"(?P<stage>.+)_(?P<step>\d+)\.jsonl")
NOT_METRICS = frozenset({"stage", "step", "time"})


@dataclass(frozen=True)
class Series:
    """One metric of one stage: steps (n,) increasing, values (n,); NaN where the record is not finite."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class RunRecord:
    """What a run folder holds. `metrics` is stage -> metric name -> series, in the order of the stages."""

    folder: Path
    meta: dict[str, Any]
    metrics: dict[str, dict[str, Series]]
    sample_files: list[Path]
    notes: list[str] = field(default_factory=list)

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The stages that `run.json` lists, each a mapping with at least `name`."""
        stages = self.meta.get("stages")
        listed = stages if isinstance(stages, list) else []
        return [stage for stage in listed if isinstance(stage, dict) and "name" in stage]


def load_run(folder: Path) -> RunRecord:
    """Read the run in `folder`. Raises UserError when the folder is not a run's."""
    meta = _read_meta(folder)
    notes: list[str] = []
    rows = _metric_rows(folder / "metrics.jsonl", notes)
    if not rows:
        notes.append("metrics.jsonl holds no step yet: there is nothing to draw.")
    files = [path for path in folder.glob("samples/*.jsonl") if SAMPLE_FILE.fullmatch(path.name)]
    listed = meta.get("stages") if isinstance(meta.get("stages"), list) else []
    order = [stage["name"] for stage in listed or [] if isinstance(stage, dict) and "name" in stage]
    metrics = _series(rows, order, notes)
    rank = {name: place for place, name in enumerate(dict.fromkeys([*order, *metrics]))}

    def place(path: Path) -> tuple[int, str, int]:
        stage, step = sample_key(path)
        return rank.get(stage, len(rank)), stage, step

    return RunRecord(folder, meta, metrics, sorted(files, key=place), notes)


def sample_key(path: Path) -> tuple[str, int]:
    """Return (stage, step) of a sample file, which is named `<stage>_<step>.jsonl`."""
    match = SAMPLE_FILE.fullmatch(path.name)
    assert match, path
    return match["stage"], int(match["step"])


def as_float(value: Any) -> float:
    """Return a JSON number as a float; NaN for anything else, and for integers beyond a float's range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def read_json_lines(path: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file; what cannot be read is skipped and named in `notes`."""
    bad: list[int] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:  # also covers text that is not UTF-8
                row = None
            if isinstance(row, dict):
                yield row
            elif not line.endswith(b"\n"):
                notes.append(
                    f"The last line of {path.name} (line {number}) is torn: the run stopped while writing. "
                    "It is left in the file and not shown."
                )
            else:
                bad.append(number)
    if bad:
        shown = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
        notes.append(
            f"{len(bad)} line(s) of {path.name} are not JSON objects and are not shown: line {shown}."
        )


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give the folder of a run, outputs/<recipe>/<run>.")
    if not path.is_file():
        raise UserError(f"{folder} is not a run: it has no run.json. Give a folder outputs/<recipe>/<run>.")
    try:
        meta = json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}): restore it, or give another run.") from error
    if not isinstance(meta, dict):
        raise UserError(f"{path} does not hold a JSON object: restore it, or give another run.")
    return meta


def _metric_rows(path: Path, notes: list[str]) -> list[dict[str, Any]]:
    if not path.is_file():
        notes.append("There is no metrics.jsonl: the run has not recorded a step.")
        return []
    rows, odd = [], 0
    for row in read_json_lines(path, notes):
        if isinstance(row.get("stage"), str) and isinstance(row.get("step"), int):
            rows.append(row)
        else:
            odd += 1
    if odd:
        notes.append(f"{odd} line(s) of metrics.jsonl have no stage or step and are not shown.")
    return rows


def _series(rows: list[dict[str, Any]], order: list[str], notes: list[str]) -> dict[str, dict[str, Series]]:
    """Gather rows into series; where a step was written twice, the later value counts."""
    points: dict[str, dict[str, dict[int, float]]] = {}
    for row in rows:
        stage = points.setdefault(row["stage"], {})
        for name, value in row.items():
            if name not in NOT_METRICS and isinstance(value, int | float):
                stage.setdefault(name, {})[row["step"]] = as_float(value)
    ordered = sorted(points, key=lambda name: order.index(name) if name in order else len(order))
    result: dict[str, dict[str, Series]] = {}
    for stage_name in ordered:
        result[stage_name] = {}
        for name, by_step in points[stage_name].items():
            steps = np.array(sorted(by_step), dtype=np.int64)
            values = np.array([by_step[int(step)] for step in steps])
            lost = int(np.count_nonzero(~np.isfinite(values)))
            if lost:
                at = int(steps[~np.isfinite(values)][0])
                notes.append(f"{name} ({stage_name}) is not finite at {lost} step(s), first at step {at}.")
                values = np.where(np.isfinite(values), values, math.nan)
            result[stage_name][name] = Series(steps, values)
    return result
