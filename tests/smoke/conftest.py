"""Launching real runs: veRL, Ray, FSDP and vLLM on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from launching import ROOT, Family, Launched, command


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., Launched]:
    """Launch the recipe at ``scale=smoke`` and wait for its end."""

    def run(*arguments: str, name: str = "run") -> Launched:
        launcher = subprocess.Popen(
            command(tmp_path, name, *arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        family = Family(launcher.pid)
        output, _ = launcher.communicate(timeout=900)
        return Launched(launcher.returncode, output, tmp_path / "time_r1" / name, family.left())

    return run
