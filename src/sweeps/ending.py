"""The end of a sweep: its table on the terminal, its report, and an exit code that says whether any cell failed."""

from __future__ import annotations

import sys
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from src.errors import UserError


class SweepEnd(Callback):
    """Called by Hydra after the last cell, whichever sweeper chose the cells."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        from src.report.sweep.page import write_sweep_report
        from src.sweeps.plan import open_sweep

        try:
            sweep = open_sweep(config)
            report = write_sweep_report(sweep.folder)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(2)
        print(f"report: {report}")
        failed = [cell.name for cell in sweep.cells if cell.state == "failed"]
        if failed:
            words = f"{len(failed)} of {len(sweep.cells)} cells failed; the same command runs them again"
            print(words, file=sys.stderr)
            sys.exit(1)
