"""Composes a run's configuration as the launcher does, once per command line."""

import functools
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from src.config.compose import CONF, order_arguments, register_search_path

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def _files_are_parsed_once() -> Iterator[None]:
    """Composing takes half a second, most of it for reading the same YAML again: its text is parsed the first time."""
    load, parsed = OmegaConf.load, {}

    def load_once(file: Any) -> Any:
        if not hasattr(file, "read"):
            return load(file)
        text = file.read()
        if text not in parsed:
            parsed[text] = load(io.StringIO(text))
        return deepcopy(parsed[text])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OmegaConf, "load", staticmethod(load_once))
        yield


@functools.cache
def _compose(name: str, arguments: tuple[str, ...]) -> DictConfig:
    register_search_path()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(name, overrides=list(arguments))


@pytest.fixture(scope="session")
def compose_run() -> Callable[..., DictConfig]:
    """Return a function that composes a command line of the launcher; every call gives a copy of its own."""
    return lambda *arguments: deepcopy(_compose("config", tuple(order_arguments(arguments)[0])))


@pytest.fixture(scope="session")
def compose_alone() -> Callable[[str], DictConfig]:
    """Return a function that composes one of veRL's own root configs, without the project's."""
    return lambda name: deepcopy(_compose(name, ()))


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
