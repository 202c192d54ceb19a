"""Build a forecasting dataset: windows of a series as parquet files for RL, SFT and evaluation."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from omegaconf import DictConfig

from data_pipelines import rows
from data_pipelines.dataset import ForecastDataset, load_dataset
from data_pipelines.locate import Log
from src.errors import DataError

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


def build(
    dataset_cfg: Mapping[str, Any] | DictConfig, out_dir: Path, *, download: bool = False, log: Log = print
) -> BuildResult:
    """Write train, val, test, sft, sft_val and a manifest to `out_dir`; nothing if they are there already.

    dataset_cfg: a `dataset` node as in conf/dataset/*.yaml. download: fetch the raw file when it is missing.
    Raises DataError (one sentence that names the fix) for bad data, bad settings or a full disk.
    """
    data = load_dataset(dataset_cfg, fetch=download, log=log)
    out_dir = Path(out_dir)
    paths = {name: out_dir / f"{name}.parquet" for name in FILES}
    label = f"dataset {data.settings.name}"
    counts = _finished(out_dir, data.fingerprint, paths)
    if counts is not None:
        log(f"{label}: {out_dir} is up to date (fingerprint {data.fingerprint[:12]}), nothing to build")
        return BuildResult(**paths, fingerprint=data.fingerprint, counts=counts, rebuilt=False)
    tables = _tables(data)
    # The manifest goes first and comes back last: without it the folder counts as unfinished.
    (out_dir / MANIFEST).unlink(missing_ok=True)
    for name, path in paths.items():
        rows.write_parquet(tables[name], rows.SFT_SCHEMA if name.startswith("sft") else rows.RL_SCHEMA, path)
    counts = {name: len(tables[name]) for name in FILES}
    _write_manifest(data, out_dir, counts, paths)
    numbers = ", ".join(f"{name} {count}" for name, count in counts.items())
    log(f"{label}: wrote {out_dir} ({numbers}; fingerprint {data.fingerprint[:12]})")
    return BuildResult(**paths, fingerprint=data.fingerprint, counts=counts, rebuilt=True)


def _tables(data: ForecastDataset) -> dict[str, list[rows.Row]]:
    splits = {split: data.samples(split) for split in ("train", "val", "test")}
    tables = {
        split: [rows.rl_row(one, data.prompt(one), split, i) for i, one in enumerate(samples)]
        for split, samples in splits.items()
    }
    if data.settings.traces.file is not None:
        tables["sft"] = _read_traces(data)
    else:
        tables["sft"] = [
            rows.sft_row(one, data.prompt(one), data.trace(one), "train", i)
            for i, one in enumerate(data.sft_samples())
        ]
    tables["sft_val"] = [
        rows.sft_row(one, data.prompt(one), data.trace(one), "val", i) for i, one in enumerate(splits["val"])
    ]
    return tables


def _read_traces(data: ForecastDataset) -> list[rows.Row]:
    """Read ready-made SFT rows; each must be this dataset's and lie wholly in its training part."""
    path = data.traces_file()
    try:
        found: list[rows.Row] = pq.read_table(path).cast(rows.SFT_SCHEMA).to_pylist()
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path} does not hold SFT rows ({reason}): write it with recipes.time_r1.teacher"
        ) from None
    row_of = {label: row for row, label in enumerate(data.table.labels)}
    last = data.borders.train_end - data.settings.horizon * data.settings.rows_per_step
    for row in found:
        info = row["extra_info"]
        if info["dataset"] != data.settings.name or row_of.get(info["target_start"], last + 1) > last:
            raise DataError(
                f"{path} holds a row that is not in the training part of dataset {data.settings.name} "
                f"(target from {info['target_start']}): write it again for this dataset and split"
            )
    if not found:
        raise DataError(f"{path} holds no rows: write it again")
    return found


def _finished(out_dir: Path, fingerprint: str, paths: dict[str, Path]) -> dict[str, int] | None:
    """Return the row counts of a complete earlier build with this fingerprint, else None."""
    try:
        manifest = json.loads((out_dir / MANIFEST).read_text("utf-8"))
        same = manifest["fingerprint"] == fingerprint and all(
            path.stat().st_size == manifest["bytes"][name] for name, path in paths.items()
        )
        return {name: int(manifest["counts"][name]) for name in FILES} if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_manifest(
    data: ForecastDataset, out_dir: Path, counts: dict[str, int], paths: dict[str, Path]
) -> None:
    manifest: dict[str, Any] = {
        "dataset": data.settings.name,
        "fingerprint": data.fingerprint,
        "counts": counts,
        "bytes": {name: path.stat().st_size for name, path in paths.items()},
        "source": data.settings.source,
        "licence": data.settings.licence,
        "data": {
            "sha256": data.table.digest(),
            "rows": len(data.table.labels),
            "first": data.table.labels[0],
            "last": data.table.labels[-1],
            "freq": data.freq,
            "period": data.period,
            "decimals": data.decimals,
            "channels": data.channels,
            "borders": asdict(data.borders),
        },
        "settings": data.settings.content(),
    }
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    rows.write_whole(out_dir / MANIFEST, lambda temporary: temporary.write_text(text, "utf-8"))
