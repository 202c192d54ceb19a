"""Mirrors a run's record to TensorBoard's event files, which need no network: ``tensorboard --logdir outputs``.

Each stage is a run of TensorBoard's in ``<run>/tensorboard/<stage>``, over its own steps, under the record's names. The
files hold nothing that ``metrics.jsonl`` does not, so a resume writes them anew from the record: no step stands twice.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from src.record.run import Run
from src.trackers.tracker import End

if TYPE_CHECKING:
    from tensorboard.summary.writer.event_file_writer import EventFileWriter


class TensorBoardTracker:
    """The event files of ``run``."""

    title = "TensorBoard"

    def __init__(self, cfg: DictConfig, run: Run) -> None:
        self.folder = run.tensorboard
        self.writers: dict[str, EventFileWriter] = {}
        for earlier in self.folder.glob("*/events.out.tfevents.*"):
            os.truncate(earlier, 0)  # a TensorBoard that is open goes on to the next file, but not from a missing one

    def follow(self, line: dict[str, Any]) -> None:
        """Write the next line of ``metrics.jsonl``, and force it out of the buffer."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in line.items()
            if name not in ("stage", "step", "time") and isinstance(value, int | float)
        ]
        writer = self._writer(line["stage"])
        wall_time = line.get("time") or time.time()
        writer.add_event(Event(wall_time=wall_time, step=line["step"], summary=Summary(value=values)))
        writer.flush()

    def finish(self, end: End) -> None:
        """Close the files; TensorBoard has no word for how a run ended."""
        for writer in self.writers.values():
            writer.close()

    def _writer(self, stage: str) -> EventFileWriter:
        if stage not in self.writers:
            from tensorboard.compat.proto.event_pb2 import Event, SessionLog
            from tensorboard.summary.writer.event_file_writer import EventFileWriter

            writer = self.writers[stage] = EventFileWriter(str(self.folder / stage))
            # A TensorBoard that is open forgets what it has read from the file before this one.
            writer.add_event(Event(wall_time=time.time(), step=0, session_log=SessionLog(status=SessionLog.START)))
        return self.writers[stage]
