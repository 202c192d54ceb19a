"""Forecasting real series: a task over the windows of a file, with a plain prompt, plain traces and a plain reward.

A paper's forecasting recipe derives from ``Forecast`` and brings its own prompt, traces and reward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pyarrow.parquet as pq
from omegaconf import DictConfig

from data_pipelines import clock, dataset, prompt, rows, sample, windows, wording
from data_pipelines.dataset import ForecastDataset, load_dataset
from data_pipelines.download import sha256_of
from data_pipelines.locate import load_table
from data_pipelines.result import BuildResult, find_build, write_build
from data_pipelines.sample import ForecastSample
from data_pipelines.settings import DatasetSettings, read_settings
from src.errors import DataError
from src.tasks.build import read_traces, traces_file
from src.tasks.fingerprint import digest, sources
from src.tasks.forecast.task import ForecastTask
from src.tasks.row import Message, Row, Trace
from src.tasks.task import Log


class Forecast(ForecastTask):
    """The windows of a dataset of conf/dataset that starts from ``_forecast.yaml``."""

    # A recipe with settings of its own derives them from DatasetSettings.
    settings_type: ClassVar[type[DatasetSettings]] = DatasetSettings
    # What makes rows and traces, beside the classes' own modules; a recipe names its own.
    code: ClassVar[Sequence[ModuleType]] = (prompt, wording)

    def __init__(self, settings: Mapping[str, Any], *, download: bool = False, log: Log = print) -> None:
        super().__init__(settings, download=download, log=log)
        self.typed = read_settings(settings, self.settings_type)

    @property
    def name(self) -> str:
        """The dataset's."""
        return self.typed.name

    @property
    def horizon(self) -> int:
        """The steps of one answer."""
        return self.typed.horizon

    def prompt(self, one: ForecastSample) -> str:
        """The question; it asks for ``horizon`` values, whatever the length of the truth."""
        options = self.typed.prompt
        return prompt.render(one, horizon=self.horizon, timestamps=options.timestamps, context=options.context)

    def answer(self, one: ForecastSample) -> str:
        """The answer to imitate: reasoning, and a forecast."""
        return prompt.imitated(one)

    @cached_property
    def data(self) -> ForecastDataset:
        """The series and its windows; read when they are first needed."""
        return ForecastDataset(self.typed, load_table(self.typed, fetch=self.download, log=self.log))

    @cached_property
    def fingerprint(self) -> str:
        """A hash over settings, series, ready-made traces and the code that makes rows and traces."""
        data = [self.data.table.digest()]
        if self.typed.traces.file is not None:
            data.append(sha256_of(traces_file(self.typed.traces.file)))
        code = (windows, clock, sample, dataset, *self.code)
        return digest(self.typed.content(), [*code, *sources(type(self), ForecastTask)], data)

    def rows(self, split: str) -> list[Row]:
        """The windows of a split as questions; training's are shuffled with the dataset's seed."""
        return [self.row(one, split, index) for index, one in enumerate(self.data.samples(split))]

    def traces(self, split: str) -> list[Trace]:
        """Training windows with answers to imitate, written here or read from a file; for ``sft_val`` those of val."""
        if split == "sft" and self.typed.traces.file is not None:
            return self._read_traces()
        training = split == "sft"
        samples = self.data.sft_samples() if training else self.data.samples("val")
        part = "train" if training else "val"
        return [Trace(self.row(one, part, index), self.answer(one)) for index, one in enumerate(samples)]

    def row(self, one: ForecastSample, split: str, index: int) -> Row:
        """A window as a question."""
        start, step = one.history_labels[0], self.typed.rows_per_step
        return Row(
            source=self.name,
            task="",
            split=split,
            index=index,
            messages=self._messages(one),
            truth=list(one.target),
            info={
                "channel": one.channel,
                "history": list(one.history),
                "period": one.period,
                "start": start,
                "target_start": one.target_labels[0],
                "freq": one.freq,
                "place": self._row_of[start] / step,
            },
        )

    def follow(self, row: Row, values: Sequence[float]) -> list[Message]:
        """Ask again, with the last L of history and forecast, from the row where these begin."""
        begin = self._row_of[row.info["start"]] + len(values) * self.typed.rows_per_step
        known = [*row.info["history"], *values][len(values) :]
        return self._messages(self.data.continued(row.info["channel"], known, self.data.table.labels[begin]))

    def about(self) -> dict[str, Any]:
        """Source and licence, what was found in the series, and the settings."""
        data = self.data
        return {
            "dataset": self.name,
            "source": self.typed.source,
            "licence": self.typed.licence,
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
            "settings": self.typed.content(),
        }

    def _messages(self, one: ForecastSample) -> list[Message]:
        return [{"role": "user", "content": self.prompt(one)}]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {label: row for row, label in enumerate(self.data.table.labels)}

    def _read_traces(self) -> list[Trace]:
        """Ready-made traces; each must be this dataset's and lie wholly in its training part."""
        path = traces_file(str(self.typed.traces.file))
        found = read_traces(path)
        last = self.data.borders.train_end - self.horizon * self.typed.rows_per_step
        for trace in found:
            begin = str(trace.row.info.get("target_start"))
            if trace.row.source != self.name or self._row_of.get(begin, last + 1) > last:
                raise DataError(
                    f"{path} holds a row that is not in the training part of dataset {self.name} "
                    f"(target from {begin}): write it again for this dataset and split"
                )
        return found


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
