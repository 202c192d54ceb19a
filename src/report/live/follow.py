"""Follow a run that is being written: the page as it is now, and then what was appended to the record."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from src.record.layout import Layout, SampleFile
from src.record.lines import Tail, parse_line
from src.record.metrics_log import MetricsLog
from src.record.phase import read_phase
from src.record.reading import RunRecord, assemble, read_meta
from src.record.samples import read_samples
from src.report.parts.dashboard import load_dashboard
from src.report.parts.images import Images
from src.report.parts.wording import duration
from src.report.run.page import fragments, render
from src.report.run.samples import pack_samples, ranked

EVERY = 2  # seconds between two questions of a page
SILENCE = 600  # seconds without a sign of life, where the run's configuration does not say
BATCHES = 20  # sample files in one answer, the latest


class Follower:
    """Reads one run's folder again and again. A page asks with what it has, so any number of pages can follow.

    Every read stands a run that is writing: a line counts when it has ended, other files are moved into place whole.
    Raises UserError when the folder is not a run's.
    """

    def __init__(self, folder: Path) -> None:
        read_meta(folder)
        self.folder = folder
        self.layout = Layout(folder)
        self.dashboard = load_dashboard()
        self._lock = threading.Lock()
        self._log = MetricsLog(self.layout.metrics_file)
        self._file: int | None = None  # the inode of the metrics file
        self._generation = 0  # counts how often another run has taken this folder
        self._turn = 0  # counts the changes of sample files
        self._sizes: dict[SampleFile, int] = {}
        self._turns: dict[SampleFile, int] = {}
        self._made: tuple[Any, tuple[RunRecord, list[dict[str, Any]], dict[str, str]]] | None = None

    def page(self) -> str:
        """Return the whole page, which asks for ``updates`` from here on."""
        with self._lock:
            self._read()
            _, charts, _ = self._current()
            live = {**self._position(charts), "every": EVERY}
            return render(assemble(self.folder, self._log, torn_matters=False), self.dashboard, live)

    def updates(self, generation: int, offset: int, turn: int, layout: str) -> dict[str, Any]:
        """Return what a page lacks that has read the metrics file to ``offset`` and the sample files to ``turn``.

        ``lines`` are the new lines of metrics.jsonl, ``samples`` the sample files that were written since, ``parts``
        the HTML of what has no curve, ``charts`` the list of charts if it is another one than ``layout``; ``state`` is
        running, stale, failed or done. ``restarted`` says that another run stands in the folder: the page must be
        loaded again.
        """
        with self._lock:
            self._read()
            if generation != self._generation or not 0 <= offset <= self._log.offset:
                return {"restarted": True}
            record, charts, parts = self._current()
            state, words = run_state(record, time.time())
            position = self._position(charts)
            return {
                **position,
                "restarted": False,
                "lines": self._lines(offset),
                "samples": self._samples(turn),
                "parts": parts,
                "charts": charts if position["layout"] != layout else None,
                "state": state,
                "words": words,
            }

    def _read(self) -> None:
        read_meta(self.folder)  # says so when the folder was moved away
        path = self._log.path
        file = path.stat() if path.is_file() else None
        if self._file is not None and (file is None or file.st_ino != self._file or file.st_size < self._log.offset):
            self._log = MetricsLog(path)
            self._generation += 1
            self._sizes, self._turns = {}, {}
        self._file = file.st_ino if file else None
        self._log.read()
        for sample_file in self.layout.sample_files():
            size = sample_file.path.stat().st_size
            if self._sizes.get(sample_file) != size:
                self._turn += 1
                self._sizes[sample_file], self._turns[sample_file] = size, self._turn

    def _current(self) -> tuple[RunRecord, list[dict[str, Any]], dict[str, str]]:
        """The record with its charts and parts, made again only when something was written."""
        test_split = self.layout.evaluation_file
        scored = test_split.stat().st_mtime_ns if test_split.is_file() else None
        key = (self._generation, self._log.offset, self.layout.run_file.stat().st_mtime_ns, scored)
        if self._made is None or self._made[0] != key:
            record = assemble(self.folder, self._log, torn_matters=False)
            charts, parts = fragments(record, self.dashboard)
            self._made = (key, (record, [chart.spec for chart in charts], parts))
        return self._made[1]

    def _position(self, charts: list[dict[str, Any]]) -> dict[str, Any]:
        layout = f"{hash(json.dumps(charts)):x}"
        return {"generation": self._generation, "offset": self._log.offset, "turn": self._turn, "layout": layout}

    def _lines(self, offset: int) -> list[dict[str, Any]]:
        if offset == self._log.offset:
            return []
        lines = Tail(self._log.path, offset).read(until=self._log.offset)
        rows = [row for line in lines if (row := parse_line(line)) is not None]
        for row in rows:
            if isinstance(row.get("time"), float):
                row["time"] = round(row["time"])  # whole seconds, which the page's rounding of floats leaves alone
        return [row for row in rows if isinstance(row.get("stage"), str) and isinstance(row.get("step"), int)]

    def _samples(self, turn: int) -> list[dict[str, Any]]:
        newer = sorted((at, file) for file, at in self._turns.items() if at > turn)
        batches = []
        for _, file in newer[-BATCHES:]:
            rows = ranked(read_samples(file, notes=[]))
            batches.append({"stage": file.stage, "step": file.step, **pack_samples(rows, Images(self.folder))})
        return batches


def run_state(record: RunRecord, now: float) -> tuple[str, str]:
    """Return (state, words) of a run: running, stale, failed or done, and one sentence about it.

    Args:
        now: Unix seconds. A run is stale when none of its files has changed for ``launch.stall_timeout_s`` of its
            configuration: a process that was killed cannot say so itself.
    """
    states = {str(stage["name"]): str(stage.get("state", "unknown")) for stage in record.stages}
    ended = [f"stage {name}: {state}" for name, state in states.items() if state not in ("pending", "running", "done")]
    if ended:
        return "failed", f"The run has ended, {', '.join(ended)}"
    if states and all(state == "done" for state in states.values()):
        return "done", "Done"
    layout = Layout(record.folder)
    files = [layout.run_file, layout.phase_file, layout.metrics_file, *(one.path for one in record.sample_files[-1:])]
    silent = now - max((path.stat().st_mtime for path in files if path.exists()), default=now)
    if silent > _patience(record):
        return "stale", f"No sign of life for {duration(silent)}: the run may have been killed"
    phase = read_phase(record.folder)
    where = [f"{phase.stage}: {phase.what}"] if phase else [name for name, s in states.items() if s == "running"]
    return "running", f"Running {', '.join(where)}" if where else "Starting"


def _patience(record: RunRecord) -> float:
    config = record.meta.get("config")
    launch = config.get("launch") if isinstance(config, dict) else None
    timeout = launch.get("stall_timeout_s") if isinstance(launch, dict) else None
    return float(timeout) if isinstance(timeout, int | float) and timeout > 0 else SILENCE
