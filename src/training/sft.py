"""veRL's SFT trainer, with checkpoints that are sealed and a stop that saves first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from verl.trainer.sft_trainer import SFTTrainer
from verl.utils.checkpoint import CheckpointHandler

from src.record.phase import write_phase
from src.training.saving import Saver


class SealingHandler(CheckpointHandler):
    """veRL's handler; ``saver`` seals what it wrote, and ``trainer`` says which step is the last.

    A step is saved once, also when it is asked for twice.
    """

    def __init__(self, saver: Saver, trainer: RecordedSFTTrainer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.saver = saver
        self.trainer = trainer
        self.saved = 0  # the last step that was

    def save_checkpoint(self, step: int) -> None:
        if step == self.saved:
            return
        if self.rank == 0:
            write_phase(self.trainer.run, self.trainer.stage, "saving a checkpoint")
            self.saver.begin(step)
        super().save_checkpoint(step)  # ends at a barrier: every rank has written its shard
        if self.rank == 0:
            self.saver.seal(step, last=step >= self.trainer.last_step)
            write_phase(self.trainer.run, self.trainer.stage, "training")
        self.saved = step

    def _load_dataloader_state(self, checkpoint_path: str) -> None:
        """At the end of an epoch there is nothing to restore: a loader restored there would yield an empty epoch."""
        if self.resume_global_step % len(self.train_dataloader):
            super()._load_dataloader_state(checkpoint_path)


class RecordedSFTTrainer(SFTTrainer):
    """Trains as veRL's does. ``config.record``: ``run``, ``stage``, ``keep_checkpoints`` and ``best_metric``."""

    total_training_steps: int
    val_dataloader: Any  # None: no validation
    test_freq: int

    def __init__(self, config: DictConfig) -> None:
        self.run = Path(config.record.run)
        self.stage = config.record.stage
        self.saver = Saver(self.run, self.stage, config.record.keep_checkpoints, config.record.best_metric)
        super().__init__(config)

    def _init_engine(self) -> None:
        super()._init_engine()
        self.last_step = self.total_training_steps
        train_batch = self.training_client.train_batch
        trained = itertools.count(1)

        def train_and_listen(data: Any) -> Any:
            output = train_batch(data=data)
            step = self.resume_global_step + next(trained)
            if self._stop_asked():
                self.total_training_steps = 0  # veRL takes the step for its last one: it validates, saves and returns
                batches = self.val_dataloader
                due = step >= self.last_step or (self.test_freq > 0 and step % self.test_freq == 0)
                self.val_dataloader = self._after_saving(step, batches) if due and batches is not None else None
                self.test_freq = -1
            return output

        self.training_client.train_batch = train_and_listen

    def _build_ckpt_handler(self) -> None:
        settings = self.config.trainer
        self.ckpt_handler = SealingHandler(
            self.saver,
            self,
            engine=self.engine,
            train_dataloader=self.train_dataloader,
            default_local_dir=settings.default_local_dir,
            default_hdfs_dir=settings.get("default_hdfs_dir"),
            resume_mode=settings.resume_mode,
            resume_from_path=settings.get("resume_from_path"),
            lora_train_meta=self._get_lora_train_meta(),
        )

    def _after_saving(self, step: int, batches: Iterable[Any]) -> Iterator[Any]:
        """The held-out batches, once ``step`` is saved: there may be no time left for all of them."""
        self.ckpt_handler.save_checkpoint(step)
        yield from batches

    def _stop_asked(self) -> bool:
        """The same answer in all workers: they save together, or wait for each other for ever."""
        asked = torch.zeros(1, dtype=torch.int32, device=self.config.trainer.device)
        asked += self.rank == 0 and self.saver.stop_asked()
        torch.distributed.broadcast(asked, src=0)
        return bool(asked)
