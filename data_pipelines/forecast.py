"""Build a forecasting dataset: windows of a series as parquet files for RL, SFT and evaluation."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from omegaconf import DictConfig

from data_pipelines import rows
from data_pipelines.dataset import ForecastDataset, load_dataset
from data_pipelines.locate import Log
from data_pipelines.result import BuildResult, find_build, write_build
from src.errors import DataError


def build(
    dataset_cfg: Mapping[str, Any] | DictConfig, out_dir: Path, *, download: bool = False, log: Log = print
) -> BuildResult:
    """Write train, val, test, sft, sft_val and a manifest to `out_dir`; nothing if they are there already.

    dataset_cfg: a `dataset` node as in conf/dataset/*.yaml. download: fetch the raw file when it is missing.
    Raises DataError (one sentence that names the fix) for bad data, bad settings or a full disk.
    """
    data = load_dataset(dataset_cfg, fetch=download, log=log)
    out_dir = Path(out_dir)
    label, short = f"dataset {data.settings.name}", data.fingerprint[:12]
    found = find_build(out_dir, data.fingerprint)
    if found is not None:
        log(f"{label}: {out_dir} is up to date (fingerprint {short}), nothing to build")
        return found
    schemas = (rows.RL_SCHEMA, rows.SFT_SCHEMA)
    result = write_build(out_dir, _tables(data), schemas, data.fingerprint, _about(data))
    numbers = ", ".join(f"{name} {count}" for name, count in result.counts.items())
    log(f"{label}: wrote {out_dir} ({numbers}; fingerprint {short})")
    return result


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
            rows.sft_row(one, data.prompt(one), data.trace(one), "train", i) for i, one in enumerate(data.sft_samples())
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
        raise DataError(f"{path} does not hold SFT rows ({reason}): write it with recipes.time_r1.teacher") from None
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


def _about(data: ForecastDataset) -> dict[str, Any]:
    """Return what the manifest says of the data and its settings."""
    return {
        "dataset": data.settings.name,
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
