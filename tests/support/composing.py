"""Composes a run's configuration as the launcher does, once per command line."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from src.config.compose import CONF, order_arguments, register_search_path


@functools.cache
def _compose(name: str, arguments: tuple[str, ...]) -> DictConfig:
    register_search_path()
    with _files_are_parsed_once(), initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(name, overrides=list(arguments))


def compose_run(*arguments: str) -> DictConfig:
    """A command line of the launcher; every call gives a copy of its own."""
    return deepcopy(_compose("config", tuple(order_arguments(arguments)[0])))


def compose_alone(name: str) -> DictConfig:
    """One of veRL's own root configs, without the project's."""
    return deepcopy(_compose(name, ()))


_parsed: dict[str, Any] = {}


@contextmanager
def _files_are_parsed_once() -> Iterator[None]:
    """Composing takes half a second, most of it for reading the same YAML again: its text is parsed the first time."""
    load = OmegaConf.load

    def load_once(file: Any) -> Any:
        if not hasattr(file, "read"):
            return load(file)
        text = file.read()
        if text not in _parsed:
            _parsed[text] = load(io.StringIO(text))
        return deepcopy(_parsed[text])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OmegaConf, "load", staticmethod(load_once))
        yield
