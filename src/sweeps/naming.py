"""Names that are the same whenever the same command is given: of a sweep, and of each of its cells."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from src.record.sweep import SEED, short_keys

# Keys that say how a sweep is carried out, and not what a cell computes.
CARRYING_OUT = ("sweep.", "run.folder", "run.name", "run.fresh", "launch.dry_run")
LONGEST = 100


def key_of(override: str) -> str:
    """The key of one of Hydra's overrides, without its ``+`` or ``~``."""
    return override.lstrip("+~").partition("=")[0]


def value_of(override: str) -> str:
    """The value of one of Hydra's overrides as it is written, without the quotes around it."""
    value = override.partition("=")[2]
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def carries_out(override: str) -> bool:
    """Whether an override is about the carrying out of a sweep."""
    return key_of(override).startswith(CARRYING_OUT)


def cell_name(settings: Mapping[str, str]) -> str:
    """A cell's name, which is also its run's: ``algorithm-grip__seed-2``.

    Args:
        settings: what is swept, key -> value.

    Keys are in alphabetical order with the seed last, each by its last part where that is enough. Where a value does
    not survive as part of a folder's name, a digest keeps the name unique.
    """
    keys = sorted(settings, key=lambda key: (key == SEED, key))
    values = [re.sub(r"[^A-Za-z0-9._-]+|__+", "-", settings[key]).strip("-") for key in keys]
    name = "__".join(f"{word}-{value}" for word, value in zip(short_keys(keys), values, strict=True))
    if values == [settings[key] for key in keys] and len(name) <= LONGEST:
        return name
    return f"{name[:LONGEST].rstrip('-._')}__{digest(dict(settings))[:6]}"


def sweep_name(recipe: str, overrides: Sequence[str], swept: Sequence[str], sweeper: object = None) -> str:
    """A sweep's name, from all that decides what its cells are: ``time_r1-algorithm-seed-1f0c9a3b``.

    Args:
        overrides: of the command line, sweeps as they were given.
        swept: the keys that are swept.
        sweeper: what else chooses the cells, such as the settings of Optuna.
    """
    decisive = sorted(override for override in overrides if not carries_out(override))
    keys = "-".join(key.rpartition(".")[2] for key in sorted(swept, key=lambda key: (key == SEED, key)))
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{recipe}-{keys}").strip("-._") or "sweep"
    return f"{readable[:60]}-{digest([decisive, sweeper])[:8]}"


def digest(value: object) -> str:
    """The SHA-1 of a value's JSON, in hex."""
    return hashlib.sha1(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
