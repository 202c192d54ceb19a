"""Keys that have another name now: whoever gives an old one is told the new one."""

from __future__ import annotations

from collections.abc import Iterable

from src.errors import ConfigError

MOVED = {
    "launcher.jobs": "sweep.jobs",
    "evaluation.scorer": "dataset.task",
    "dataset.builder": "dataset.task",
    "dataset.prompt.renderer": "dataset.task",
    "dataset.traces.writer": "dataset.task",
}


def refuse_moved(keys: Iterable[str]) -> None:
    """Refuse keys that have moved.

    Args:
        keys: as they stand on a command line or in a recorded configuration, ``a.b.c``.

    Raises:
        ConfigError: with the new name of the first one.
    """
    for key in keys:
        for old, new in MOVED.items():
            if key == old or key.startswith(old + "."):
                raise ConfigError(f"{old} is now {new}: give {key.replace(old, new, 1)}= instead")
