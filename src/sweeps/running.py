"""Carries cells out: so many at once, each one's lines shown as they come, its error at once when it fails."""

from __future__ import annotations

import math
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from src.errors import UserError
from src.launcher.watch import last_error
from src.processes.stopping import Stopping, Terminated
from src.record.lines import Tail
from src.record.sweep import Cell, Sweep
from src.sweeps.executors import Executor, Job

POLL_S = 0.5
DEFAULT_METRICS = ("val/*/reward", "reward/mean")  # the first that a run has
_ERROR = re.compile(r"^error: (.*)", re.M)


def run_cells(
    sweep: Sweep, cells: Sequence[Cell], executor: Executor, command: Callable[[Cell], list[str]], jobs: int
) -> None:
    """Run the cells, ``jobs`` at once; one that fails stops no other.

    Args:
        cells: in the order in which they start.
        command: what runs a cell as a process.

    Raises:
        KeyboardInterrupt, Terminated: by Ctrl-C, by SIGTERM; every cell has ended then, and is marked as cut off.
    """
    waiting = deque(cells)
    running: dict[int, tuple[Cell, Job, _Lines]] = {}
    sweep.logs.mkdir(parents=True, exist_ok=True)
    with Stopping(), executor:
        try:
            while waiting or running:
                for slot in sorted(set(range(jobs)) - set(running)):
                    if waiting:
                        cell = waiting.popleft()
                        running[slot] = (cell, *_start(sweep, cell, executor, command(cell), slot, jobs))
                for slot, (cell, job, lines) in list(running.items()):
                    code = job.poll()
                    lines.show()
                    if code is not None:
                        del running[slot]
                        _finish(sweep, cell, code)
                time.sleep(POLL_S)
        except (KeyboardInterrupt, Terminated):
            for cell, _, _ in running.values():
                cell.state = "cut off"
            sweep.save()
            raise


def _start(
    sweep: Sweep, cell: Cell, executor: Executor, command: list[str], slot: int, jobs: int
) -> tuple[Job, _Lines]:
    if cell.state == "cut off" and cell.job:
        executor.end_left(cell.job, sweep.logs)
    lines = _Lines(sweep.log(cell), f"{cell.name}: " if jobs > 1 else "")
    job = executor.start(cell.name, command, sweep.log(cell), slot)
    cell.state, cell.error, cell.metric = "running", None, None
    cell.started, cell.attempts, cell.job = round(time.time(), 1), cell.attempts + 1, job.id
    sweep.save()
    print(f"{_place(sweep, cell)} {cell.name}: started", flush=True)
    return job, lines


def _finish(sweep: Sweep, cell: Cell, code: int) -> None:
    cell.seconds = round(time.time() - (cell.started or time.time()), 1)
    cell.job = None
    took = f"{cell.seconds:.0f} s" if cell.seconds < 120 else f"{cell.seconds / 60:.1f} min"
    if code == 0:
        name, cell.metric = metric_of(sweep.run_folder(cell), sweep.metric)
        cell.state = "done"
        result = f", {name} {cell.metric:.4g}" if cell.metric is not None else ""
        print(f"{_place(sweep, cell)} {cell.name}: done in {took}{result}", flush=True)
    else:
        cell.state, cell.error = "failed", reason(sweep.log(cell), code)
        print(f"{_place(sweep, cell)} {cell.name}: FAILED after {took}: {cell.error}", flush=True)
        print(f"  its output: {sweep.log(cell)}", flush=True)
    sweep.save()


def _place(sweep: Sweep, cell: Cell) -> str:
    return f"[{sweep.cells.index(cell) + 1}/{len(sweep.cells)}]"


def metric_of(folder: Path, metric: str | None) -> tuple[str, float | None]:
    """The name and the final value of the metric that a sweep is about; None where the run has not recorded it."""
    from src.runs import read_run  # with numpy, which starting a run needs not

    try:
        run = read_run(folder)
    except UserError:
        return metric or DEFAULT_METRICS[0], None
    for name in [metric] if metric else DEFAULT_METRICS:
        if math.isfinite(value := run.score(name)):
            return name, value
    return metric or DEFAULT_METRICS[0], None


def reason(log: Path, code: int) -> str:
    """Why a cell failed, in its own words where it has any.

    Args:
        code: its exit code; negative: the signal that ended it.
    """
    try:
        text = log.read_text(errors="replace")[-200_000:]
    except OSError:
        text = ""
    if found := _ERROR.findall(text):
        return str(found[-1])
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return last_error(log) or f"it ended with exit code {code}"


class _Lines:
    """Shows what is appended to a cell's log, whole lines only."""

    def __init__(self, log: Path, prefix: str) -> None:
        self.tail = Tail.from_end(log)
        self.prefix = prefix

    def show(self) -> None:
        for line in b"\n".join(self.tail.read()).decode(errors="replace").splitlines():
            print(f"  {self.prefix}{line.rstrip()}", flush=True)
