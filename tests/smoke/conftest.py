"""Launching real runs: veRL, Ray, FSDP and vLLM on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from launching import ROOT, Family, Launched, command
from warm import Warm


@pytest.fixture
def launch(tmp_path: Path, warm: Warm) -> Callable[..., Launched]:
    """Launch a recipe at ``scale=smoke`` and wait for its end; ``ordinary``: as a user does, with nothing imported."""

    def run(*arguments: str, name: str = "run", recipe: str = "time_r1", ordinary: bool = False) -> Launched:
        words = command(tmp_path, name, *arguments, recipe=recipe)
        if ordinary:
            launcher = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        else:
            launcher = warm.start(words)
        family = Family(launcher.pid)
        output, _ = launcher.communicate(timeout=900)
        # What is refused starts no process.
        left = family.left() if launcher.returncode == 0 or family.known else []
        return Launched(launcher.returncode, output, tmp_path / recipe / name, left)

    return run
