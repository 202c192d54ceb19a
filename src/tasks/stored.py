"""Single rows of a built file, read without the pictures of all the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from src.tasks.row import Row


def truths(path: Path) -> list[str]:
    """The truth of each row as JSON text, in the file's order."""
    return [one["reward_model"]["ground_truth"] for one in _columns(path, "reward_model.ground_truth")]


def has_images(path: Path) -> bool:
    """Whether the file's rows have pictures."""
    return "images" in pq.read_schema(path).names


def most_images(path: Path) -> int:
    """How many images a row of the file has at most."""
    if not has_images(path):
        return 0
    with pq.ParquetFile(path) as file:
        counts = [
            pc.max(pc.list_value_length(batch.column(0))).as_py() for batch in file.iter_batches(columns=["images"])
        ]
    return max((count or 0 for count in counts), default=0)


def places(path: Path) -> dict[tuple[str, int], int]:
    """Where in the file a question stands, by its source and its index."""
    stored = _columns(path, "data_source", "extra_info.index")
    return {(one["data_source"], one["extra_info"]["index"]): place for place, one in enumerate(stored)}


def rows_at(path: Path, wanted: Iterable[int]) -> list[Row]:
    """The rows at these places of the file, in the order asked for; only their groups of rows are read."""
    found: dict[int, Row] = {}
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        ends = np.cumsum(sizes)
        asked = list(wanted)
        for group in sorted({int(np.searchsorted(ends, place, side="right")) for place in asked}):
            begin = int(ends[group]) - sizes[group]
            inside = [place for place in dict.fromkeys(asked) if begin <= place < ends[group]]
            table = file.read_row_group(group).take([place - begin for place in inside])
            for place, one in zip(inside, table.to_pylist(), strict=True):
                truth = one["reward_model"]["ground_truth"]
                images = one.get("images") or ()
                found[place] = Row.of_columns(one["data_source"], truth, one["extra_info"], one["prompt"], images)
    return [found[place] for place in asked]


def _columns(path: Path, *names: str) -> list[dict[str, Any]]:
    with pq.ParquetFile(path) as file:
        rows: list[dict[str, Any]] = file.read(columns=list(names)).to_pylist()
    return rows
