"""The process of an SFT stage: veRL's SFT trainer, recording every step.

Started once per worker with torch.distributed's variables set: ``python -m src.stages.sft CONFIG.yaml RUN STAGE``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf


def main() -> None:
    config_file, run, stage = sys.argv[1:4]
    config = OmegaConf.load(config_file)
    import torch
    from verl.trainer import sft_trainer

    from src.run import append_line

    metrics_file = Path(run) / "metrics.jsonl"

    class Tracking:
        """Takes the place of veRL's tracker, which has no registry: each step is a line of the run's record."""

        def __init__(self, *_: Any, **__: Any) -> None:
            self.last = time.time()

        def log(self, data: dict[str, Any], step: int) -> None:
            now = time.time()
            timing = {"timing_s/step": now - self.last} if "train/loss" in data else {}
            append_line(metrics_file, {"stage": stage, "step": step, "time": now, **timing, **data})
            self.last = now

        def finish(self, exit_code: int = 0) -> None:
            return None

    sft_trainer.Tracking = Tracking
    torch.manual_seed(config.trainer.seed)
    sft_trainer.run_sft(config)


if __name__ == "__main__":
    main()
