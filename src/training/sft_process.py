"""The process of an SFT stage: veRL's SFT trainer, recording every step.

Started once per worker with torch.distributed's variables set: ``python -m src.training.sft_process CONFIG.yaml``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from src.record.layout import Layout
from src.record.lines import append_line, read_lines

TOKENS = "train/total_tokens(B)"


class Tracking:
    """Takes the place of veRL's tracker, which has no registry: each step is a line of the run's record.

    Args:
        metrics_file: the record; what it says of the stage already was before a resume.
        stage: the stage's name.
    """

    def __init__(self, metrics_file: Path, stage: str) -> None:
        self.metrics_file = metrics_file
        self.stage = stage
        self.last = time.time()
        earlier = [line[TOKENS] for line in read_lines(metrics_file) if line["stage"] == stage and TOKENS in line]
        self.tokens = earlier[-1] if earlier else 0.0  # veRL counts from zero in every process

    def log(self, data: dict[str, Any], step: int) -> None:
        now = time.time()
        timing = {"timing_s/step": now - self.last} if "train/loss" in data else {}
        if TOKENS in data:
            data = {**data, TOKENS: round(self.tokens + data[TOKENS], 9)}  # in units of 1e9: whole tokens
        append_line(self.metrics_file, {"stage": self.stage, "step": step, "time": now, **timing, **data})
        self.last = now

    def finish(self, exit_code: int = 0) -> None:
        return None


def main() -> None:
    config = OmegaConf.load(sys.argv[1])
    import torch
    from verl.trainer import sft_trainer

    from src.training.sft import RecordedSFTTrainer

    record = config.record
    sft_trainer.Tracking = lambda *_, **__: Tracking(Layout(Path(record.run)).metrics_file, record.stage)
    sft_trainer.SFTTrainer = RecordedSFTTrainer
    torch.manual_seed(config.trainer.seed)
    sft_trainer.run_sft(config)


if __name__ == "__main__":
    main()
