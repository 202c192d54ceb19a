"""What a stage says that it is doing: the launcher shows it, and takes the changing file for a sign of life."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from src.record.files import write_json
from src.record.layout import Layout

ENDING = "ending"  # the phase of a stage whose work is done and whose workers leave


@dataclass(frozen=True)
class Phase:
    stage: str
    what: str


def write_phase(run: Path, stage: str, what: str) -> None:
    write_json(Layout(run).phase_file, {"stage": stage, "phase": what, "time": time.time()})


def read_phase(run: Path) -> Phase | None:
    """None where no stage has said anything."""
    try:
        said = json.loads(Layout(run).phase_file.read_bytes())
        return Phase(str(said["stage"]), str(said["phase"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
