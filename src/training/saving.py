"""What a trainer does about its checkpoints besides writing them: sealing, keeping, and stopping when asked to."""

from __future__ import annotations

from pathlib import Path

from src.record import checkpoints as checkpoint
from src.record.best import best_step, held_out
from src.record.layout import Layout, checkpoint_folder


class Saver:
    """One stage's checkpoints, as its trainer sees them.

    Args:
        run: the run's folder.
        stage: the stage's name.
        keep: the newest complete checkpoints that are kept, or None for all.
        best_metric: by which the best one is kept, too; None for the newest only.
    """

    def __init__(self, run: Path, stage: str, keep: int | None, best_metric: str | None = None) -> None:
        self.run = run
        self.stage = stage
        self.folder = Layout(run).checkpoints(stage)
        self.keep = keep
        self.best_metric = best_metric
        self._stop = Layout(run).stop_file

    def begin(self, step: int) -> None:
        """Call it before veRL writes a checkpoint."""
        checkpoint.unseal(checkpoint_folder(self.folder, step))

    def seal(self, step: int, last: bool) -> None:
        """Call it once veRL has written the checkpoint and the step is in the record.

        Older ones are removed then, but for the best: what this step was validated at is in the record as well, or
        will be by the next time, until when the newest stays.
        """
        checkpoint.seal(checkpoint_folder(self.folder, step), step, last)
        checkpoint.rotate(self.folder, self.keep, self._best())

    def _best(self) -> int | None:
        steps = checkpoint.sealed_steps(self.folder)
        if self.best_metric is None or self.keep is None or len(steps) <= self.keep:
            return None  # none is to go
        return best_step(held_out(self.run, self.stage, self.best_metric), self.best_metric, steps)

    def stop_asked(self) -> bool:
        """Whether the launcher wants the stage to save and end."""
        return self._stop.exists()
