"""The same questions, asked in another way: what a model reaches without a part of them, such as its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from src.errors import ConfigError
from src.tasks.scores import Scores, difference
from src.tasks.task import Task


def check_variants(task: Task, names: Sequence[str]) -> None:
    """Refuse a name that the task does not have.

    Raises:
        ConfigError: it names those that there are.
    """
    if unknown := [name for name in names if name not in task.variants]:
        there = f"choose of {', '.join(task.variants)}" if task.variants else "set it to []"
        raise ConfigError(
            f"evaluation.variants={unknown[0]} is no variant of dataset {task.name} with these settings: {there}"
        )


def varied(task: Task, name: str) -> Task:
    """The task with the settings of one of its variants; it says nothing that the task has not said already."""
    return type(task)({**task.settings, **task.variants[name]}, download=task.download, log=lambda _: None)


def with_variants(groups: Mapping[str, Mapping[str, Any]], found: Mapping[str, Scores]) -> dict[str, Any]:
    """The groups of a result with what the model reaches on each variant of their questions.

    Args:
        groups: name -> group, for JSON.
        found: name of a variant -> its scores.

    Returns:
        Groups with ``variants``: name -> the parts of a group that are the model's. ``differences`` has the model's own
        leading metric less that of each variant, question by question.
    """
    result = {name: {**group, "variants": {}, "differences": [*group["differences"]]} for name, group in groups.items()}
    for variant, scores in found.items():
        for name, one in scores.groups.items():
            theirs, group = one.as_dict(), result[name]
            group["variants"][variant] = {key: theirs[key] for key in ("metrics", "answers", "failed", "by_question")}
            group["differences"] += _difference(variant, group["by_question"], theirs["by_question"])
    return result


def _difference(to: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if ours is None or theirs is None:
        return []
    values = dict(zip(theirs["ids"], theirs["values"], strict=True))
    found = difference(to, "variant", ours["values"], [values.get(one) for one in ours["ids"]], ours["items"])
    return [] if found is None else [found.as_dict()]
