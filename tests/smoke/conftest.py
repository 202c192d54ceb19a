"""Launching real runs: veRL, Ray, FSDP and vLLM on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from launching import ROOT, Launched, command


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., Launched]:
    """Launch the recipe at ``scale=smoke`` and wait for its end."""

    def run(*arguments: str, name: str = "run") -> Launched:
        done = subprocess.run(
            command(tmp_path, name, *arguments), cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
        )
        return Launched(done.returncode, done.stdout + done.stderr, tmp_path / "time_r1" / name)

    return run
