"""What decides the rows of a task, as one hash that is the same in every process."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from src.tasks import row


def digest(settings: Mapping[str, Any], code: Iterable[ModuleType | Path], data: Iterable[str] = ()) -> str:
    """A sha256; it covers the form of rows in files, too.

    Args:
        settings: JSON values.
        code: all modules or Python files that make rows and traces.
        data: digests of what they are made from.
    """
    files = [Path(row.__file__)]
    files += [Path(str(inspect.getsourcefile(one))) if isinstance(one, ModuleType) else one for one in code]
    parts = [json.dumps(dict(settings), sort_keys=True), *data, *(file.read_text("utf-8") for file in files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def sources(kind: type, base: type) -> list[Path]:
    """The Python files of a class and of its bases below ``base``, each once, in the order of inheritance."""
    files = (inspect.getsourcefile(one) for one in kind.__mro__ if issubclass(one, base) and one is not base)
    return [Path(file) for file in dict.fromkeys(files) if file is not None]
