"""What the smoke tests share: a run as a user would launch it, and what it leaves behind."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Launched:
    """What a user is left with after a launch."""

    code: int
    output: str
    folder: Path

    @property
    def record(self) -> dict:
        return json.loads((self.folder / "run.json").read_text())

    def metrics(self, stage: str) -> list[dict]:
        lines = [json.loads(line) for line in (self.folder / "metrics.jsonl").read_text().splitlines()]
        return [line for line in lines if line["stage"] == stage]


def command(folder: Path, name: str, *arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "src.launch", "+recipe=time_r1", "scale=smoke", "runtime=cpu", f"run.folder={folder}",
        f"run.name={name}", *arguments,
    ]  # fmt: skip


def ray_processes() -> set[int]:
    """Process ids of everything that Ray, vLLM or the preload server runs on this machine."""
    names = ("raylet", "gcs_server", "ray::", "VLLM::", "src.cpu.preload_server")
    found = set()
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and any(name in words for name in names):
                found.add(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found
