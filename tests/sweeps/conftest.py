"""A sweep as a user starts it, with cells that take no time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from src.config.compose import CONF, order_arguments, register_search_path
from src.launch import launch
from src.sweeps.launcher import register_sweeps

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).parents[1] / "support" / "fake_cell.py"
WAIT_S = 600  # for what takes seconds on a machine that has nothing else to do


@dataclass
class Fake:
    """Where cells run and find their words; see ``fake_cell.py``."""

    folder: Path
    words: Path
    launchers: list[subprocess.Popen[str]] = field(default_factory=list)

    def say(self, word: str) -> None:
        (self.words / word).touch()

    def unsay(self, word: str) -> None:
        (self.words / word).unlink()

    @property
    def starts(self) -> list[dict]:
        """Every start of a cell so far, in order."""
        file = self.words / "starts"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def started(self) -> list[str]:
        return [start["name"] for start in self.starts]

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable, "-m", "src.launch", "-m", "+recipe=time_r1", "scale=smoke", "runtime=cpu",
            f"run.folder={self.folder}", f"hydra.launcher.command=[{sys.executable},{FAKE}]", *arguments,
        ]  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "FAKE_CELLS": str(self.words)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        launcher = subprocess.Popen(
            self.command(*arguments), cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.launchers.append(launcher)
        return launcher

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        launcher = self.start(*arguments)
        output, errors = launcher.communicate(timeout=WAIT_S)
        return subprocess.CompletedProcess(launcher.args, launcher.returncode, output, errors)

    @property
    def sweep(self) -> Path:
        """The only sweep that there is."""
        (only,) = (self.folder / "sweeps").iterdir()
        return only

    def states(self) -> dict[str, str]:
        return {cell["name"]: cell["state"] for cell in self.record()["cells"]}

    def record(self) -> dict:
        return json.loads((self.sweep / "sweep.json").read_text())


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Fake]:
    words = tmp_path / "words"
    words.mkdir()
    made = Fake(tmp_path / "outputs", words)
    yield made
    for launcher in made.launchers:
        if launcher.poll() is None:
            launcher.kill()  # its guard ends the cells


@pytest.fixture
def multirun(fake: Fake) -> Callable[..., int]:
    """Return a function that does in this process what the command does, for sweeps that run nothing: its exit code."""

    def run(*arguments: str) -> int:
        register_search_path()
        register_sweeps()
        overrides, _ = order_arguments(fake.command(*arguments)[4:])
        with initialize_config_dir(str(CONF), version_base="1.3"), pytest.raises(SystemExit) as end:
            GlobalHydra.instance().hydra.multirun("config", launch, [*overrides, "hydra.mode=MULTIRUN"])
        return end.value.code

    return run


@pytest.fixture
def wait_for() -> Callable[[Callable[[], object]], None]:
    """Return a function that waits until something is so."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.1)

    return wait
