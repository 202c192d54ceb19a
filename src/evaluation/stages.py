"""A run's stages against each other, on the questions that all of their models were asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from src.tasks.scores import difference


def compare_stages(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The results with the difference of each stage's model to that of the stage before added to its groups.

    Args:
        results: stage -> result, in the order of the stages, of the same questions.
    """
    compared: dict[str, Any] = {}
    before: tuple[str, Mapping[str, Any]] | None = None
    for stage, result in results.items():
        groups = {name: dict(group) for name, group in result["groups"].items()}
        if before is not None:
            for name, group in groups.items():
                found = _difference(before[0], group, before[1]["groups"].get(name))
                group["differences"] = [*group["differences"], *found]
        compared[stage] = {**result, "groups": groups}
        before = stage, result
    return compared


def _difference(to: str, ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    mine, other = ours["by_question"], theirs and theirs["by_question"]
    if mine is None or other is None:
        return []
    values = dict(zip(other["ids"], other["values"], strict=True))
    found = difference(to, "stage", mine["values"], [values.get(one) for one in mine["ids"]], mine["items"])
    return [] if found is None else [found.as_dict()]
