"""What a trainer does about its checkpoints besides writing them: sealing, rotation, and stopping when asked to."""

from __future__ import annotations

from pathlib import Path

from src.record import checkpoints as checkpoint
from src.record.layout import Layout, checkpoint_folder


class Saver:
    """One stage's checkpoints, as its trainer sees them.

    Args:
        run: the run's folder.
        stage: the stage's name.
        keep: complete checkpoints kept, or None for all.
    """

    def __init__(self, run: Path, stage: str, keep: int | None) -> None:
        self.folder = Layout(run).checkpoints(stage)
        self.keep = keep
        self._stop = Layout(run).stop_file

    def begin(self, step: int) -> None:
        """Call it before veRL writes a checkpoint."""
        checkpoint.unseal(checkpoint_folder(self.folder, step))

    def seal(self, step: int, last: bool) -> None:
        """Call it once veRL has written the checkpoint and the step is in the record; older ones are rotated then."""
        checkpoint.seal(checkpoint_folder(self.folder, step), step, last)
        checkpoint.rotate(self.folder, self.keep)

    def stop_asked(self) -> bool:
        """Whether the launcher wants the stage to save and end."""
        return self._stop.exists()
