"""Finds a function that a config names, without importing veRL."""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from src.errors import ConfigError


def load_function(path: str, name: str | None = None) -> Callable[..., Any]:
    """Resolves `path` and `name` to a callable.

    `path` is veRL's form, `pkg://package.module`, `file://reward.py` or `reward.py`, or a dotted module;
    without `name` it is a dotted function, `package.module.function`.

    Raises:
        ConfigError: there is no such module, file or function, or importing it failed.
    """
    if name is None:
        path, _, name = path.rpartition(".")
    function = getattr(_load_module(path), name, None)
    if not callable(function):
        raise ConfigError(f"{path!r} has no function {name!r}")
    return function


def _load_module(path: str) -> ModuleType:
    if path.startswith("file://") or path.endswith(".py"):
        return _load_file(Path(path.removeprefix("file://")))
    module = path.removeprefix("pkg://").replace("/", ".")
    try:
        return importlib.import_module(module)
    except Exception as error:  # the module is the user's: whatever it raises is to be shown, not traced
        raise ConfigError(f"cannot import {module!r}: {type(error).__name__}: {error}") from error


def _load_file(file: Path) -> ModuleType:
    if not file.is_file():
        raise ConfigError(f"there is no file {str(file)!r}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{str(file)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # as above
        raise ConfigError(f"cannot import {str(file)!r}: {type(error).__name__}: {error}") from error
    return module
