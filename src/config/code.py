"""The content of the Python files that a configuration names: it is part of what a stage is made from, as data are."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from src.config.stages import Stage

# The project's own code is told by the commit, which each launch records.
_OWN = Path(__file__).resolve().parents[1]


def code_of(stage: Stage) -> dict[str, str]:
    """What is named -> a hash of its file and of the modules beside it that it imports; of an RL stage.

    A stage's data tell of all code that makes rows and traces, so an SFT stage has no more than that.
    """
    if stage.trainer == "sft":
        return {}

    def named_by(key: str) -> Any:
        return OmegaConf.select(stage.config, key)

    agent = "actor_rollout_ref.rollout.agent"
    named = {
        "reward": named_by("reward.custom_reward_function.reward_kwargs.function.path"),
        "task": _module(stage.dataset.get("task")),
        "algorithm": _module(named_by("trainer.v1.sampler.sampler_kwargs.algorithm.path")),
        "trainer": _module(named_by("trainer.v1.trainer_mode")),
        "agent loop": _module(named_by(f"{agent}.default_agent_loop")),
        "agent loops": named_by(f"{agent}.agent_loop_config_path"),
    }
    found = {f"{what} file": _digest(path) for what, path in named.items() if path}
    return {what: digest for what, digest in found.items() if digest is not None}


def _module(dotted: str | None) -> str | None:
    """The module of a class's dotted name; veRL's own loops have names without a dot."""
    return str(dotted).rpartition(".")[0] or None if dotted else None


def _digest(path: str) -> str | None:
    file = _file(path)
    if file is None or _OWN in file.parents:
        return None
    content = b"\0".join(one.read_bytes() for one in with_neighbours(file))
    return hashlib.sha256(content).hexdigest()


def _file(path: str) -> Path | None:
    """The file behind a path or a module's name; None where there is none, which is refused elsewhere."""
    plain = str(path).removeprefix("file://")
    if plain.endswith((".py", ".yaml", ".yml")):
        file = Path(plain).expanduser().resolve()
        return file if file.is_file() else None
    try:
        spec = importlib.util.find_spec(plain.removeprefix("pkg://").replace("/", "."))
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec and spec.origin and spec.origin.endswith(".py") else None


def with_neighbours(file: Path) -> list[Path]:
    """A file and the modules in its folder, or below it, that it imports, and those that these import.

    What is imported from elsewhere, or by a name that is made when it runs, is not looked at.
    """
    found, left = {file}, [file] if file.suffix == ".py" else []
    while left:
        new = set(_imported(left.pop(), file.parent)) - found
        found |= new
        left += new
    return [file, *sorted(found - {file})]


def _imported(file: Path, folder: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:  # the import will say so
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names, roots = [alias.name for alias in node.names], file.parents
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            names = [node.module or "", *(base + alias.name for alias in node.names)]
            roots = file.parents[node.level - 1 : node.level] if node.level else file.parents
        else:
            continue
        for name in filter(None, names):
            for root in roots:
                place = root.joinpath(*name.split("."))
                for one in (place.with_suffix(".py"), place / "__init__.py"):
                    if folder in one.parents and one.is_file():
                        yield one
