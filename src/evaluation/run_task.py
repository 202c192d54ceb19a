"""Which task a model was trained on, where it lies in a run's folder: its prompts are what the model knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from src.config.compose import CONF
from src.errors import ConfigError
from src.record.files import read_json
from src.record.layout import RUN_FILE
from src.tasks.task import Task, task_class


def task_of_run(model: Path, asked: type[Task]) -> str | None:
    """The dotted name of the task that the run of ``model`` has trained, where it is another of the same kind.

    Args:
        model: a folder; anything else is of no run.
        asked: the task of the dataset that the model is to be scored on.
    """
    run = next((folder for folder in model.absolute().parents if (folder / RUN_FILE).is_file()), None)
    if run is None or not model.is_dir():
        return None
    record = read_json(run / RUN_FILE)
    dotted = _named(record)
    if dotted is None:
        return None
    try:
        trained = task_class(OmegaConf.create({"task": dotted}))
    except ConfigError:  # of code that is gone: the dataset's task serves
        return None
    return dotted if trained is not asked and trained.kind == asked.kind else None


def _named(record: dict[str, Any]) -> str | None:
    """What a run's record says; a run from before datasets named their task had its recipe's."""
    node = OmegaConf.create({"config": record.get("config") or {}})
    if named := OmegaConf.select(node, "config.dataset.task", throw_on_missing=False):
        return str(named)
    recipe = CONF / "recipe" / f"{record.get('recipe')}.yaml"
    return OmegaConf.select(OmegaConf.load(recipe), "dataset.task") if recipe.is_file() else None
