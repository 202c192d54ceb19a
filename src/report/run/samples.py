"""Choose the sampled rollouts that a page shows: all of a short run, an even spread of a long one.

Steps are spread over the training, and within a step the samples over the ranks of the score, so that the
best, the worst and the ordinary ones are there. Prompts and series that samples share are stored once.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from src.record.metrics_log import as_float
from src.record.reading import read_lines
from src.report.parts.images import Images
from src.report.run.loading import sample_key

STEPS = 40  # sample files read, the first and last included
PER_STEP = 24  # samples kept of one step and split
BUDGET = 4_000_000  # characters of all samples in the page, without images
TEXT = 12_000  # characters kept of a prompt or a response

Item = TypeVar("Item")
Row = dict[str, Any]

# What the page knows how to show; anything else that a sample carries is listed by name.
KNOWN = {"stage", "step", "split", "dataset", "task", "channel", "index", "prompt", "response", "score", "terms"}
KNOWN |= {"history", "ground_truth", "prediction", "valid", "kept", "image", "rank"}


def collect_samples(folder: Path, files: list[Path], notes: list[str]) -> dict[str, Any]:
    """Return `{"samples": [...], "windows": [...], "found": int, "steps": int, "files": int}` as JSON data.

    A sample names its window by position; a window holds what samples of one prompt share (see `_window`).
    `found` counts the samples of the `steps` files that were read, of all `files`.
    """
    rows: list[Row] = []
    found = 0
    chosen = spread(files, STEPS)
    for path in chosen:
        kept, total = read_samples(path, notes)
        rows.extend(kept)
        found += total
    images = Images(folder)
    limit = PER_STEP
    packed = pack_samples(rows, images)
    while limit > 1 and len(json.dumps(packed)) - images.size > BUDGET:
        limit //= 2
        stride = PER_STEP // limit
        images = Images(folder)
        packed = pack_samples([row for row in rows if row["rank"] % stride == 0], images)
    notes.extend(images.notes)
    return {**packed, "found": found, "steps": len(chosen), "files": len(files)}


def read_samples(path: Path, notes: list[str]) -> tuple[list[Row], int]:
    """Return at most PER_STEP samples of each split of one file, with stage, step and rank, and how many it has."""
    stage, step = sample_key(path)
    read = [{**row, "stage": stage, "step": step} for row in read_lines(path, notes)]
    rows: list[Row] = []
    for split in sorted({str(row.get("split", "")) for row in read}):
        ranked = sorted((row for row in read if str(row.get("split", "")) == split), key=_score, reverse=True)
        rows.extend({**row, "rank": rank} for rank, row in enumerate(spread(ranked, PER_STEP)))
    return rows, len(read)


def spread(items: list[Item], limit: int) -> list[Item]:
    """Return at most `limit` items, evenly spaced, the first and last included."""
    if len(items) <= limit:
        return items
    if limit == 1:
        return items[:1]
    return [items[round(place * (len(items) - 1) / (limit - 1))] for place in range(limit)]


def _score(row: Row) -> float:
    return _finite(row.get("score")) or 0.0


def pack_samples(rows: list[Row], images: Images) -> dict[str, Any]:
    """Return `{"samples": [...], "windows": [...]}`; see `collect_samples`."""
    places: dict[str, int] = {}
    windows: list[dict[str, Any]] = []
    samples = []
    for row in rows:
        window = _window(row, images)
        key = json.dumps(window)
        if key not in places:
            places[key] = len(windows)
            windows.append(window)
        terms = row.get("terms")
        forecast = _numbers(row.get("prediction"))
        samples.append(
            {
                "stage": row["stage"],
                "step": row["step"],
                "window": places[key],
                "split": str(row.get("split", "")),
                "score": _finite(row.get("score")),
                "terms": {str(k): _finite(v) for k, v in terms.items()} if isinstance(terms, dict) else {},
                "valid": bool(row.get("valid")),
                "kept": bool(row["kept"]) if isinstance(row.get("kept"), bool) else None,
                "response": clip(row.get("response", "")),
                "forecast": forecast,
                "read": None if forecast or row.get("prediction") is None else clip(row["prediction"]),
                "more": {str(k): clip(v) for k, v in row.items() if k not in KNOWN and v is not None},
            }
        )
    return {"samples": samples, "windows": windows}


def _window(row: Row, images: Images) -> dict[str, Any]:
    """What the samples of one prompt share: texts, the series by name, the truth as numbers or as text, the image."""
    truth = _numbers(row.get("ground_truth"))
    return {
        "prompt": clip(row.get("prompt", "")),
        "dataset": str(row.get("dataset", "")),
        "task": str(row.get("task") or ""),
        "channel": str(row.get("channel") or ""),
        "history": _curves(row.get("history")),
        "truth": truth,
        "answer": None if truth or row.get("ground_truth") is None else clip(row["ground_truth"]),
        "image": images.embed(row.get("image")),
    }


def clip(value: Any) -> str:
    """Return a text cut to TEXT characters; the cut is marked."""
    full = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return full if len(full) <= TEXT else f"{full[:TEXT]}\n[... {len(full) - TEXT:,} more characters]"


def _finite(value: Any) -> float | None:
    number = as_float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None


def _numbers(values: Any) -> list[float | None]:
    """Return a list of numbers, with None for what is not finite; empty for anything that is no such list."""
    if not isinstance(values, list) or not all(value is None or isinstance(value, int | float) for value in values):
        return []
    return [_finite(value) for value in values]


def _curves(history: Any) -> dict[str, list[float | None]]:
    """Return the series that a prompt shows, by name: of one list, of a list of lists, or of a mapping of lists."""
    if isinstance(history, Mapping):
        named = {str(name): _numbers(values) for name, values in history.items()}
    elif isinstance(history, list) and history and all(isinstance(one, list) for one in history):
        named = {f"series {place}": _numbers(values) for place, values in enumerate(history, start=1)}
    else:
        named = {"history": _numbers(history)}
    return {name: values for name, values in named.items() if values}
