"""What every builder leaves behind: five parquet files and a manifest, in a folder that is complete or unfinished."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_pipelines.rows import Row, write_parquet
from src.tasks.files import write_data

FILES = ("train", "val", "test", "sft", "sft_val")
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class BuildResult:
    """The parquet files of a build, their row counts, and whether this call wrote them or found them."""

    train: Path
    val: Path
    test: Path
    sft: Path
    sft_val: Path
    fingerprint: str
    counts: dict[str, int]
    rebuilt: bool


def find_build(out_dir: Path, fingerprint: str) -> BuildResult | None:
    """Return a complete earlier build with this fingerprint, else None."""
    paths = _paths(out_dir)
    try:
        manifest = json.loads((out_dir / MANIFEST).read_text("utf-8"))
        same = manifest["fingerprint"] == fingerprint and all(
            path.stat().st_size == manifest["bytes"][name] for name, path in paths.items()
        )
        counts = {name: int(manifest["counts"][name]) for name in FILES}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return BuildResult(**paths, fingerprint=fingerprint, counts=counts, rebuilt=False) if same else None


def write_build(
    out_dir: Path,
    tables: Mapping[str, Sequence[Row]],
    schemas: tuple[pa.Schema, pa.Schema],
    fingerprint: str,
    about: Mapping[str, Any],
) -> BuildResult:
    """Write the five tables and a manifest with `about` in it; DataError when the disk refuses.

    tables: rows by the names of FILES. schemas: of the RL tables, and of the SFT tables.
    """
    paths = _paths(out_dir)
    # The manifest goes first and comes back last: without it the folder counts as unfinished.
    (out_dir / MANIFEST).unlink(missing_ok=True)
    for name, path in paths.items():
        write_parquet(tables[name], schemas[name.startswith("sft")], path)
    counts = {name: len(tables[name]) for name in FILES}
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    manifest = {"fingerprint": fingerprint, "counts": counts, "bytes": sizes, **about}
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    write_data(out_dir / MANIFEST, text.encode())
    return BuildResult(**paths, fingerprint=fingerprint, counts=counts, rebuilt=True)


def _paths(out_dir: Path) -> dict[str, Path]:
    return {name: out_dir / f"{name}.parquet" for name in FILES}
