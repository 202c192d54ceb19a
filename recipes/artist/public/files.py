"""The rows of published files, JSON, CSV or Parquet, each with the place that a message names."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from src.errors import DataError

_LONGEST_CELL = 2**31 - 1  # a series as text, or a transcript, is longer than the csv module's 128 KiB
_AT_ONCE = 1000

Found = tuple[str, dict[str, Any]]  # "line 3", and the row


def rows_of(path: Path) -> Iterator[Found]:
    """The rows of a file in their order.

    Args:
        path: ``.csv`` with a header, ``.parquet``, or else a JSON list or JSON lines.

    Raises:
        DataError: the file, or a line of it, cannot be read.
    """
    readers = {".csv": _csv, ".parquet": _parquet}
    try:
        yield from readers.get(path.suffix.lower(), _json)(path)
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} cannot be read ({reason}): get the file again") from None


def _csv(path: Path) -> Iterator[Found]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file, strict=True)
        start = 2
        for row in table:
            yield f"line {start}", row
            start = table.line_num + 1


def _parquet(path: Path) -> Iterator[Found]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_AT_ONCE):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row


def _json(path: Path) -> Iterator[Found]:
    with path.open(encoding="utf-8-sig") as file:
        is_list = file.read(1) == "["
        file.seek(0)
        if is_list:
            for number, row in enumerate(json.load(file), start=1):
                yield f"row {number}", _object(row, f"row {number}")
            return
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise ValueError(f"line {number} is no JSON: {error}") from None
                yield f"line {number}", _object(row, f"line {number}")


def _object(row: Any, place: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f"{place} is no JSON object")
    return row
