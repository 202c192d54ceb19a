"""Composes a run's configuration as the launcher does, once per command line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import composing
import pytest
from omegaconf import DictConfig

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def compose_run() -> Callable[..., DictConfig]:
    """Return a function that composes a command line of the launcher; every call gives a copy of its own."""
    return composing.compose_run


@pytest.fixture(scope="session")
def compose_alone() -> Callable[[str], DictConfig]:
    """Return a function that composes one of veRL's own root configs, without the project's."""
    return composing.compose_alone


Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Python:
    """Return a function that runs this interpreter with some arguments, in a folder where it must leave no file."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("work")
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        written = {file.name for file in folder.rglob("*") if file.is_file()}
        assert written <= {"multirun.yaml"}  # Hydra's own, of a sweep
        return done

    return run
