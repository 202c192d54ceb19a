"""What the machine must offer before a run starts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import psutil
from omegaconf import DictConfig

from src.config.stage_node import FIRST
from src.config.stages import Stage
from src.errors import UserError

_NEEDED_DISK_GIB = 1.0
_NEEDED_MEMORY_GIB = 6.0


def check_resources(cfg: DictConfig) -> None:
    """Refuse a run that this machine cannot hold.

    Raises:
        UserError: too little disk or memory.
    """
    folder = Path(cfg.run.folder).resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    if free < _NEEDED_DISK_GIB:
        raise UserError(
            f"{folder} has {free:.1f} GiB free, a run needs {_NEEDED_DISK_GIB:.0f}: free some, or give run.folder="
        )
    if cfg.runtime.name == "cpu":
        memory = psutil.virtual_memory().available / 2**30
        if memory < _NEEDED_MEMORY_GIB:
            raise UserError(
                f"{memory:.1f} GiB of memory are free, a CPU run needs {_NEEDED_MEMORY_GIB:.0f}: end other programs"
            )


def check_models(cfg: DictConfig, stages: Sequence[Stage] = ()) -> None:
    """Refuse model folders that a stage cannot start from; a hub name is the hub's to judge.

    Args:
        stages: whose references are looked at, too.

    Raises:
        UserError: with the key, and what the folder lacks.
    """
    if cfg.model.path is not None:
        _check_model("model.path", str(cfg.model.path))
    for stage in stages:
        if stage.reference not in (None, FIRST):
            _check_model(f"stage.{stage.name}.reference", str(stage.reference))


def _check_model(key: str, path: str) -> None:
    folder = Path(path).expanduser()
    if not path.startswith((".", "/", "~")) and not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{key}={path}: there is no such folder")
    if not (folder / "config.json").is_file():
        raise UserError(f"{key}={path}: the folder holds no config.json; give a Hugging Face model folder")
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise UserError(f"{key}={path}: the folder holds no tokenizer; save it there with tokenizer.save_pretrained")
    if not _has_chat_template(folder):
        raise UserError(
            f"{key}={path}: its tokenizer has no chat template, which prompts are written with: set "
            "tokenizer.chat_template and save it there, or give the instruction-tuned model"
        )


def _has_chat_template(folder: Path) -> bool:
    """By the three places where transformers keeps one."""
    if any((folder / name).is_file() for name in ("chat_template.jinja", "chat_template.json")):
        return True
    if any(folder.glob("additional_chat_templates/*.jinja")):
        return True
    try:
        return bool(json.loads((folder / "tokenizer_config.json").read_text("utf-8")).get("chat_template"))
    except (OSError, ValueError, AttributeError):
        return False
