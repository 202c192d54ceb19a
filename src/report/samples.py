"""Choose the sampled rollouts that a report shows: all of a short run, an even spread of a long one.

Steps are spread over the training, and within a step the samples over the ranks of the score, so that the
best, the worst and the ordinary ones are there. Prompts and series that samples share are stored once.
"""

import json
import math
from pathlib import Path
from typing import Any, TypeVar

from src.report.loading import as_float, read_json_lines, sample_key

STEPS = 40  # sample files read, the first and last included
PER_STEP = 24  # samples kept of one step and split
BUDGET = 5_000_000  # characters of all samples in the page
TEXT = 12_000  # characters kept of a prompt or a response

Item = TypeVar("Item")


def collect_samples(files: list[Path], notes: list[str]) -> dict[str, Any]:
    """Return `{"samples": [...], "windows": [...], "found": int, "steps": int}` as JSON data.

    A sample names its window by position; a window holds prompt, dataset, channel, history and ground truth.
    `found` counts the samples of the files read.
    """
    rows: list[dict[str, Any]] = []
    found = 0
    chosen = spread(files, STEPS)
    for path in chosen:
        stage, step = sample_key(path)
        read = [{**row, "stage": stage, "step": step} for row in read_json_lines(path, notes)]
        found += len(read)
        for split in sorted({str(row.get("split", "")) for row in read}):
            ranked = sorted(
                (row for row in read if str(row.get("split", "")) == split), key=_score, reverse=True
            )
            rows.extend({**row, "rank": rank} for rank, row in enumerate(spread(ranked, PER_STEP)))
    limit = PER_STEP
    packed = _pack(rows)
    while limit > 1 and len(json.dumps(packed)) > BUDGET:
        limit //= 2
        stride = PER_STEP // limit
        packed = _pack([row for row in rows if row["rank"] % stride == 0])
    return {**packed, "found": found, "steps": len(chosen), "files": len(files)}


def spread(items: list[Item], limit: int) -> list[Item]:
    """Return at most `limit` items, evenly spaced, the first and last included."""
    if len(items) <= limit:
        return items
    if limit == 1:
        return items[:1]
    return [items[round(place * (len(items) - 1) / (limit - 1))] for place in range(limit)]


def _score(row: dict[str, Any]) -> float:
    return _finite(row.get("score")) or 0.0


def _pack(rows: list[dict[str, Any]]) -> dict[str, Any]:
    windows: dict[str, int] = {}
    stored: list[dict[str, Any]] = []
    samples = []
    for row in rows:
        window = {
            "prompt": clip(row.get("prompt", "")),
            "dataset": str(row.get("dataset", "")),
            "channel": str(row.get("channel", "")),
            "history": _numbers(row.get("history")),
            "truth": _numbers(row.get("ground_truth")),
        }
        key = json.dumps(window)
        if key not in windows:
            windows[key] = len(stored)
            stored.append(window)
        terms = row.get("terms")
        samples.append(
            {
                "stage": row["stage"],
                "step": row["step"],
                "window": windows[key],
                "split": str(row.get("split", "")),
                "score": _finite(row.get("score")),
                "terms": {str(k): _finite(v) for k, v in terms.items()} if isinstance(terms, dict) else {},
                "valid": bool(row.get("valid")),
                "kept": bool(row["kept"]) if isinstance(row.get("kept"), bool) else None,
                "response": clip(row.get("response", "")),
                "forecast": _numbers(row.get("prediction")),
            }
        )
    return {"samples": samples, "windows": stored}


def clip(value: Any) -> str:
    """Return a text cut to TEXT characters; the cut is marked."""
    full = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return full if len(full) <= TEXT else f"{full[:TEXT]}\n[... {len(full) - TEXT:,} more characters]"


def _finite(value: Any) -> float | None:
    number = as_float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None


def _numbers(values: Any) -> list[float | None]:
    return [_finite(value) for value in values] if isinstance(values, list) else []
