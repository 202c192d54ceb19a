"""Finds the functions and classes that a configuration names, without importing veRL."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from src.errors import ConfigError


def load_function(path: str, name: str | None = None, key: str | None = None) -> Callable[..., Any]:
    """The function or class that the configuration means.

    Args:
        path: veRL's form, ``pkg://package.module``, ``file://reward.py`` or ``reward.py``, or a dotted module;
            without ``name`` it is the dotted function itself, ``package.module.function``.
        name: of the function in that module or file.
        key: the key of the configuration that says so, for the message.

    Raises:
        ConfigError: there is no such module, file or function, or importing it failed.
    """
    try:
        if name is None:
            path, _, name = str(path).rpartition(".")
        found = getattr(_load_module(path), name, None)
        if not callable(found):
            raise ConfigError(f"{path!r} has no function {name!r}")
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}" if key else str(error)) from error.__cause__
    return found


def load_class(path: str, kind: type, key: str | None = None) -> type[Any]:
    """The class of this ``kind`` that the configuration means.

    Args:
        path: its dotted name, ``package.module.Class``.
        kind: the class that it has to be derived from.
        key: the key of the configuration that says so, for the message.

    Raises:
        ConfigError: there is no such class, importing it failed, or it is of another kind.
    """
    found = load_function(path, key=key)
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise ConfigError(
            f"{f'{key}: ' if key else ''}{path!r} is not a {kind.__name__}: derive it from {kind.__name__}"
        )
    return found


def look_for_class(path: str, key: str) -> None:
    """Refuse the dotted name of a class that is not there, without importing its module, which may need torch.

    Args:
        path: the name.
        key: the key of the configuration that says so, for the message.

    Raises:
        ConfigError: there is no such module, or its text does not have the name.
    """
    module, _, name = path.rpartition(".")
    file = look_for_module(module, f"{key}={path}")
    if file and file.suffix == ".py" and not re.search(rf"\b{name}\b", file.read_text()):
        raise ConfigError(f"{key}={path}: {module!r} has no class {name!r}")


def look_for_module(module: str, key: str) -> Path | None:
    """Refuse the dotted name of a module that is not there, without importing it.

    Returns:
        Its file, where it has one.

    Raises:
        ConfigError: there is none.
    """
    try:
        spec = importlib.util.find_spec(module)
    except Exception as error:  # of a package above it, which is imported; or there is none
        raise ConfigError(f"{key}: cannot import {module!r}: {type(error).__name__}: {error}") from error
    if spec is None:
        raise ConfigError(f"{key}: there is no module {module!r}; PYTHONPATH says where modules are looked for")
    return Path(spec.origin) if spec.has_location and spec.origin else None


def _load_module(path: str) -> ModuleType:
    if path.startswith("file://") or path.endswith(".py"):
        return _load_file(Path(path.removeprefix("file://")).expanduser())
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
