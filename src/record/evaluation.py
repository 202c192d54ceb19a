"""The scores on the test split that a run has recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from src.record.files import read_json
from src.record.layout import Layout

FEW = 10  # items below which a reader is warned

# What was counted beside the metrics, in files from before there was one form.
_COUNTS = ("windows", "answered_windows", "answers", "failed", "fail_frac", "mse_interval", "truncated_frac")
_COMMON = (
    "model_name", "dataset", "split", "runs", "fingerprint", "speed", "settings", "dataset_settings", "versions",
)  # fmt: skip


def read_evaluation(run: Path) -> dict[str, Any]:
    """Stage -> result of its model (docs/evaluation.md), in the order of the stages; empty when it was not evaluated.

    Args:
        run: the run's folder.

    Raises:
        UserError: the file cannot be read.
    """
    file = Layout(run).evaluation_file
    found = read_json(file) if file.is_file() else {}
    return {stage: upgraded(result) for stage, result in found.items() if isinstance(result, Mapping)}


def upgraded(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result in the one form that all tasks have; those of older runs had one of two others, or lacked a part."""
    if result.get("kind") == "evaluation":
        result = _of_forecaster(result)
    elif result.get("kind") == "questions":
        result = _of_questions(result)
    if not isinstance(result.get("groups"), Mapping):
        return dict(result)
    overlapping = "windows" in (result.get("details") or {})
    return {**result, "groups": {name: _whole(group, overlapping) for name, group in result["groups"].items()}}


def independence(group: Mapping[str, Any]) -> str | None:
    """What a reader must know of a group's intervals; None where every question is an item and they are many."""
    items, questions = group["items"], group["questions"]
    if items is None:
        return "how many are independent was not recorded; no intervals"
    words = [] if items == questions else [f"{items} independent block{'s' if items > 1 else ''} of time"]
    if items < 2:
        words.append("no intervals, which need at least 2")
    elif items < FEW:
        words.append("few, so the intervals are approximate")
    return "; ".join(words) or None


def held_out_scores(last: Mapping[str, float], evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The scores that a run ended at.

    Args:
        last: the last finite value of each metric of the record.
        evaluation: what ``read_evaluation`` gives; the last stage's model is the run's.

    Returns:
        ``val/<group>/<name>`` and ``test/<group>/<name>``, without baselines and SFT's ``val/loss``.
    """
    scores = {name: value for name, value in last.items() if name.startswith("val/") and name.count("/") == 2}
    return scores | (dict(_on_test_split(list(evaluation.values())[-1])) if evaluation else {})


def _on_test_split(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, group in result["groups"].items():
        for metric, one in group["metrics"].items():
            if one["value"] is not None and math.isfinite(one["value"]):
                yield f"test/{name}/{metric}", float(one["value"])
        yield f"test/{name}/fail_frac", group["failed"] / group["answers"]


def _whole(group: Mapping[str, Any], overlapping: bool) -> dict[str, Any]:
    """A group with all of its parts.

    Before there were ``differences``, intervals took overlapping windows for independent: they are left out.
    """
    group = {"variants": {}, **group}
    if "differences" in group:
        return group
    added: dict[str, Any] = {"about": {}, "differences": [], "by_question": None}
    if not overlapping:
        return {**group, **added}
    return {
        **group,
        "metrics": _without_intervals(group["metrics"]),
        "baselines": {name: _without_intervals(metrics) for name, metrics in group["baselines"].items()},
        "items": None,
        **added,
    }


def _without_intervals(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _metric(one["value"]) for name, one in metrics.items()}


def _of_forecaster(result: Mapping[str, Any]) -> dict[str, Any]:
    model = result["model"]
    metrics = {name.removesuffix("_frac"): _metric(value) for name, value in model.items() if name not in _COUNTS}
    metrics["mse"]["interval"] = model["mse_interval"]
    partly = 0 < model["answered_windows"] < model["windows"]
    if partly:
        metrics["mse_answered"] = metrics["mse"]
    baselines = {}
    for name, one in result["baselines"].items():
        baselines[name] = {"mse": _metric(one["mse"], one["mse_interval"]), "mae": _metric(one["mae"])}
        if partly:
            baselines[name]["mse_answered"] = _metric(one["answered"]["mse"])
    group = {
        "lead": "mse",
        "metrics": metrics,
        "baselines": baselines,
        "questions": model["windows"],
        "items": model["windows"],
        "answers": model["answers"],
        "failed": model["failed"],
    }
    details = {name: result[name] for name in ("horizon", "rolls", "channels", "problems", "windows") if name in result}
    return {
        **_common(result),
        "groups": {result["dataset"]: group},
        "details": details,
        "truncated_frac": model["truncated_frac"],
    }


def _of_questions(result: Mapping[str, Any]) -> dict[str, Any]:
    groups = {}
    for name, group in result["groups"].items():
        lead = next((metric for metric in ("acc_all", "mae_all") if metric in group["metrics"]), None)
        baselines = {
            baseline: {metric: _metric(value) for metric, value in values.items()}
            for baseline, values in group["baselines"].items()
        }
        groups[name] = {
            "lead": lead or next(iter(group["metrics"])),
            **group,
            "baselines": baselines,
            "items": group["questions"],
        }
    return {**_common(result), "groups": groups, "details": {}, "truncated_frac": result["truncated_frac"]}


def _common(result: Mapping[str, Any]) -> dict[str, Any]:
    """What all forms have; the task had no name then."""
    return {name: result.get(name) for name in _COMMON} | {"task": None}


def _metric(value: float | None, interval: list[float] | None = None) -> dict[str, Any]:
    return {"value": value, "interval": interval}
