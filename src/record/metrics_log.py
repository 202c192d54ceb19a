"""Read ``metrics.jsonl``, at once or bit by bit while a run is writing it, and gather its lines into series."""

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.record.lines import Tail, parse_line, torn, unreadable

NOT_METRICS = frozenset({"stage", "step", "time"})


@dataclass(frozen=True)
class Series:
    """One metric of one stage: steps (n,) increasing, values (n,); NaN where the record is not finite."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


def as_float(value: Any) -> float:
    """Return a JSON number as a float; NaN for anything else, and for integers beyond a float's range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


class MetricsLog:
    """What has been read of a metrics file. A line counts when it ends: a run may be writing the last one.

    Where a step was written twice, as after a resume, the later value counts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tail = Tail(path)
        self._lines = 0
        self._bad: list[int] = []
        self._odd = 0
        self._points: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
        self._times: dict[str, dict[int, float]] = defaultdict(dict)

    @property
    def offset(self) -> int:
        """Of the first byte that is not read, always at the start of a line."""
        return self._tail.offset

    def read(self) -> list[dict[str, Any]]:
        """Read the lines that were appended since the last call and return those that hold a step."""
        rows = []
        for line in self._tail.read():
            self._lines += 1
            row = parse_line(line)
            if row is None:
                if line.strip():
                    self._bad.append(self._lines)
            elif self._add(row):
                rows.append(row)
            else:
                self._odd += 1
        return rows

    def series(
        self, order: list[str], notes: list[str], *, torn_matters: bool
    ) -> tuple[dict[str, dict[str, Series]], dict[str, Series]]:
        """Stage -> metric -> series, the stages in the given order, and stage -> time of each step.

        Args:
            order: of the stages; others come behind.
            notes: receives what the reader must know.
            torn_matters: whether a last line without an end means that the run has stopped; such a line counts if it
                is whole otherwise.
        """
        if torn_matters and self._tail.rest.strip():
            row = parse_line(self._tail.rest)
            if row is None or not self._add(row):
                notes.append(torn(self.path, self._lines + 1))
        if not self.path.is_file():
            notes.append(f"There is no {self.path.name}: the run has not recorded a step.")
        elif not self._points:
            notes.append(f"{self.path.name} holds no step yet: there is nothing to draw.")
        if self._bad:
            notes.append(unreadable(self.path, self._bad))
        if self._odd:
            notes.append(f"{self._odd} line(s) of {self.path.name} have no stage or step and are left out.")
        stages = sorted(self._points, key=lambda name: order.index(name) if name in order else len(order))
        metrics = {
            stage: {name: _finite(name, stage, points, notes) for name, points in self._points[stage].items()}
            for stage in stages
        }
        times = {stage: _series(self._times[stage]) for stage in stages if self._times[stage]}
        return metrics, times

    def _add(self, row: dict[str, Any]) -> bool:
        stage, step = row.get("stage"), row.get("step")
        if not isinstance(stage, str) or not isinstance(step, int):
            return False
        points = self._points[stage]
        for name, value in row.items():
            if name not in NOT_METRICS and isinstance(value, int | float):
                points[name][step] = as_float(value)
        if math.isfinite(time := as_float(row.get("time"))):
            self._times[stage][step] = time
        return True


def _series(points: dict[int, float]) -> Series:
    steps = sorted(points)
    return Series(np.array(steps, dtype=np.int64), np.array([points[step] for step in steps], dtype=np.float64))


def _finite(name: str, stage: str, points: dict[int, float], notes: list[str]) -> Series:
    """Return the series with NaN for what is not finite, which is noted."""
    series = _series(points)
    lost = ~np.isfinite(series.values)
    if lost.any():
        count, at = int(lost.sum()), int(series.steps[lost][0])
        notes.append(f"{name} ({stage}) is not finite at {count} step(s), first at step {at}.")
    return Series(series.steps, np.where(lost, math.nan, series.values))
