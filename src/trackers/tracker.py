"""What follows a run and shows it elsewhere: the trackers of ``logging.trackers``, opened, fed and closed together.

A tracker is a class that is made of the run's configuration and its folder, and has ``follow`` and ``finish``. It gets
the record from its beginning, whatever an earlier launch has shown of it, and then each line as it is written.
"""

from __future__ import annotations

from enum import Enum
from types import TracebackType
from typing import Any, Protocol

from omegaconf import DictConfig

from src.config.trackers import tracker_class
from src.processes.stopping import Terminated
from src.record.lines import read_lines
from src.record.run import Run


class End(Enum):
    """How a launch of a run has ended: well, with an error, or asked to end by its machine (it will go on later)."""

    WELL = "well"
    FAILED = "failed"
    PREEMPTED = "preempted"


class Tracker(Protocol):
    """One place where a run is shown.

    A tracker that raises is left out from then on and never ends a training; only making one may refuse the run.
    """

    title: str  # for messages

    def __init__(self, cfg: DictConfig, run: Run) -> None: ...

    def follow(self, line: dict[str, Any]) -> None:
        """Take in the next line of ``metrics.jsonl``: ``stage``, ``step``, ``time`` and the metrics, null for none."""

    def finish(self, end: End) -> None:
        """Close what is open; nothing follows."""


class Tracking:
    """All trackers of a run: a context, which closes them.

    Raises:
        UserError: a tracker cannot begin; those before it are closed.
    """

    def __init__(self, cfg: DictConfig, run: Run) -> None:
        self.trackers: list[Tracker] = []
        try:
            for name in cfg.logging.trackers:
                self.trackers.append(tracker_class(name)(cfg, run))
            for line in read_lines(run.metrics_file):
                self.follow(line)
        except BaseException:  # a signal, too
            self._finish(End.FAILED)
            raise

    def follow(self, line: dict[str, Any]) -> None:
        """Hand the next line of ``metrics.jsonl`` to every tracker."""
        for tracker in list(self.trackers):
            try:
                tracker.follow(line)
            except Exception as error:  # no reason to end a training
                print(f"{tracker.title} has stopped ({error}); the run goes on without it")
                self.trackers.remove(tracker)

    def __enter__(self) -> Tracking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(End.WELL if kind is None else End.PREEMPTED if kind is Terminated else End.FAILED)

    def _finish(self, end: End) -> None:
        for tracker in self.trackers:
            try:
                tracker.finish(end)
            except Exception as failure:  # SIGTERM to all processes of the run ends a tracker's service first
                print(f"{tracker.title} had stopped ({type(failure).__name__}); the next launch shows it what it lacks")
