"""The files of a task: parquet for RL and SFT, series, and a manifest, in a folder that is complete or unfinished.

Training reads nothing else. ``build`` writes them for any task, and finds them again by the task's fingerprint.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from src.errors import DataError
from src.tasks.files import write_data
from src.tasks.row import Row, Trace
from src.tasks.series_store import STORE, write_series
from src.tasks.task import Task

RL_SPLITS = ("train", "val", "test")
SFT_SPLITS = ("sft", "sft_val")
MANIFEST = "manifest.json"

T = TypeVar("T", Row, Trace)
_GROUP = 2000  # rows that are in memory at once

_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_EXTRA_INFO = pa.struct([("index", pa.int64()), ("split", pa.string()), ("task", pa.string()), ("info", pa.string())])
_RL = [
    ("data_source", pa.string()),
    ("ability", pa.string()),
    ("prompt", _MESSAGES),
    ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
    ("extra_info", _EXTRA_INFO),
]
_SFT = [("data_source", pa.string()), ("messages", _MESSAGES), ("extra_info", _EXTRA_INFO)]
# Only where a dataset has some: veRL takes the column for a sign that the model reads images.
_IMAGES = [("images", pa.list_(pa.struct([("bytes", pa.binary())])))]


@dataclass(frozen=True)
class BuildResult:
    """The files of a build.

    Args:
        sft: None, as ``sft_val``, where the task has no traces.
        counts: rows by the name of the file.
        rebuilt: whether this call wrote the files; else it found them.
    """

    train: Path
    val: Path
    test: Path
    sft: Path | None
    sft_val: Path | None
    fingerprint: str
    counts: dict[str, int]
    rebuilt: bool

    @property
    def texts(self) -> Path:
        """The file with the most text in it: what a tokenizer is learned from."""
        return self.sft or self.train


def build(task: Task, out_dir: Path) -> BuildResult:
    """Write ``train``, ``val``, ``test``, ``sft``, ``sft_val`` and a manifest; nothing if they are there already.

    Series that the task holds once for all of its rows are written beside them (``src.tasks.series_store``).

    Raises:
        UserError: what the task raises for its data, and a disk that refuses.
    """
    out_dir, fingerprint = Path(out_dir), task.fingerprint
    label, short = f"dataset {task.name}", fingerprint[:12]
    names = RL_SPLITS + SFT_SPLITS if task.has_traces else RL_SPLITS
    found = _find(out_dir, names, fingerprint)
    if found is not None:
        task.log(f"{label}: {out_dir} is up to date (fingerprint {short}), nothing to build")
        return found
    about = task.about()  # its checks come before anything is written
    rows = {split: task.rows(split) for split in RL_SPLITS}
    traces = {split: task.traces(split) for split in names if split in SFT_SPLITS}
    result = _write(out_dir, rows, traces, task.series(), fingerprint, about)
    counts = ", ".join(f"{name} {count}" for name, count in result.counts.items())
    task.log(f"{label}: wrote {out_dir} ({counts}; fingerprint {short})")
    return result


def _find(out_dir: Path, names: Sequence[str], fingerprint: str) -> BuildResult | None:
    """A complete earlier build with this fingerprint."""
    try:
        manifest = json.loads((out_dir / MANIFEST).read_text("utf-8"))
        same = manifest["fingerprint"] == fingerprint and all(
            _file(out_dir, name).stat().st_size == manifest["bytes"][name]
            for name in (*names, *(name for name in manifest["bytes"] if name == STORE))
        )
        counts = {name: int(manifest["counts"][name]) for name in names}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _result(out_dir, fingerprint, counts, rebuilt=False) if same else None


def _write(
    out_dir: Path,
    rows: Mapping[str, Sequence[Row]],
    traces: Mapping[str, Sequence[Trace]],
    series: Sequence[Any],
    fingerprint: str,
    about: Mapping[str, Any],
) -> BuildResult:
    # The manifest goes first and comes back last: without it the folder counts as unfinished.
    (out_dir / MANIFEST).unlink(missing_ok=True)
    for name, questions in rows.items():
        write_rows(questions, _file(out_dir, name))
    for name, answered in traces.items():
        write_traces(answered, _file(out_dir, name))
    if series:
        write_series(series, out_dir)
    counts = {name: len(table) for name, table in (*rows.items(), *traces.items())}
    sizes = {name: _file(out_dir, name).stat().st_size for name in (*counts, *([STORE] if series else []))}
    manifest = {"fingerprint": fingerprint, "counts": counts, "bytes": sizes, **about}
    write_data(out_dir / MANIFEST, (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode())
    return _result(out_dir, fingerprint, counts, rebuilt=True)


def _result(out_dir: Path, fingerprint: str, counts: dict[str, int], *, rebuilt: bool) -> BuildResult:
    sft, sft_val = (_file(out_dir, name) if name in counts else None for name in SFT_SPLITS)
    train, val, test = (_file(out_dir, name) for name in RL_SPLITS)
    return BuildResult(train, val, test, sft, sft_val, fingerprint, counts, rebuilt)


def _file(out_dir: Path, name: str) -> Path:
    return out_dir / (name if name == STORE else f"{name}.parquet")


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write questions to one parquet file, whole or not at all; the schema is the same for all tasks.

    Raises:
        DataError: the disk refuses, or a truth or an ``info`` is no JSON value; the message names the row.
    """
    _write_parquet(rows, lambda row: _columns(row, row, path), _RL, path)


def write_traces(traces: Sequence[Trace], path: Path) -> None:
    """Write questions with answers to imitate; as ``write_rows``."""
    _write_parquet(traces, lambda trace: _columns(trace, trace.row, path), _SFT, path)


def _write_parquet(items: Sequence[T], columns: Callable[[T], dict[str, Any]], fields: list[Any], path: Path) -> None:
    """Write row groups, one at a time: items that are made on access are never all in memory."""

    def write(partial: Path, fields: list[Any]) -> bool:
        """Tell whether the fields hold all there is."""
        schema = pa.schema(fields)
        with pq.ParquetWriter(partial, schema) as file:
            for first in range(0, max(1, len(items)), _GROUP):
                rows = [columns(one) for one in items[first : first + _GROUP]]
                if "images" not in schema.names and any(row["images"] for row in rows):
                    return False
                file.write_table(pa.Table.from_pylist(rows, schema=schema))
        return True

    write_data(path, lambda partial: write(partial, fields) or write(partial, fields + _IMAGES))


def _columns(one: Row | Trace, row: Row, path: Path) -> dict[str, Any]:
    try:
        return one.columns()
    except ValueError as error:
        raise DataError(
            f"{path.stem}, row {row.index} of {row.source}: its truth or info is no JSON value ({error}): "
            "correct the task"
        ) from None


def notes(folder: Path) -> list[str]:
    """What whoever reads results must know of a run's data, in sentences of their tasks, each once.

    Args:
        folder: of the run's data; stages may have their own below it.
    """
    said: list[str] = []
    for file in (folder / MANIFEST, *sorted(folder.glob(f"*/{MANIFEST}"))):
        try:
            said += map(str, json.loads(file.read_text("utf-8")).get("notes", []))
        except (OSError, ValueError, AttributeError, TypeError):  # unfinished, or of no use: there is nothing to say
            continue
    return list(dict.fromkeys(said))


def read_rows(path: Path) -> list[Row]:
    """The questions that ``write_rows`` wrote."""
    return [
        Row.of_columns(
            one["data_source"],
            one["reward_model"]["ground_truth"],
            one["extra_info"],
            one["prompt"],
            one.get("images") or (),
        )
        for one in pq.read_table(path).to_pylist()
    ]


def traces_file(name: str) -> Path:
    """The file of ready-made traces.

    Raises:
        DataError: it is not there.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise DataError(f"dataset.traces.file={path} is not a file: write it with the recipe's teacher")
    return path


def read_traces(path: Path) -> list[Trace]:
    """Traces that ``write_traces`` wrote, a teacher's for instance; their truth is not kept.

    Raises:
        DataError: it holds something else.
    """
    try:
        found = [Trace.of_columns(**one) for one in pq.read_table(path).to_pylist()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} does not hold SFT rows ({reason}): write it again with the recipe's teacher") from None
    if not found:
        raise DataError(f"{path} holds no rows: write it again")
    return found
