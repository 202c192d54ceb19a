"""Forecasting real series: a task over the windows of a file, with a plain prompt, plain traces and a plain reward.

A paper's forecasting recipe derives from ``Forecast`` and brings its own prompt, traces and reward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from types import ModuleType
from typing import Any, ClassVar

from data_pipelines import clock, dataset, lines, precision, prompt, sample, seasons, texts, windows, wording
from data_pipelines.dataset import ForecastDataset
from data_pipelines.download import sha256_of
from data_pipelines.locate import find_file, load_table
from data_pipelines.sample import ForecastSample
from data_pipelines.settings import DatasetSettings, read_settings
from src.errors import DataError
from src.tasks import lazy
from src.tasks.build import read_traces, traces_file
from src.tasks.fingerprint import digest, sources
from src.tasks.forecast import scale
from src.tasks.forecast.task import ForecastTask
from src.tasks.lazy import Lazy
from src.tasks.row import Message, Row, Trace
from src.tasks.task import Log


class Forecast(ForecastTask):
    """The windows of a dataset of conf/dataset that starts from ``_forecast.yaml``."""

    # A recipe with settings of its own derives them from DatasetSettings.
    settings_type: ClassVar[type[DatasetSettings]] = DatasetSettings
    # What makes rows and traces, beside the classes' own modules; a recipe names its own.
    code: ClassVar[Sequence[ModuleType]] = (prompt, wording, lines)

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

    @property
    def least_tokens(self) -> tuple[int, int]:
        """One for each value that is shown, and for each that is asked for."""
        return self.typed.context_length, self.horizon

    def prompt(self, one: ForecastSample) -> str:
        """The question; it asks for ``horizon`` values, whatever the length of the truth."""
        options = self.typed.prompt
        return prompt.render(one, horizon=self.horizon, timestamps=options.timestamps, context=options.context)

    def answer(self, one: ForecastSample) -> str:
        """The answer to imitate: reasoning, and a forecast."""
        return prompt.imitated(one)

    def find(self) -> None:
        """The raw series, and ready-made traces."""
        find_file(self.typed, fetch=self.download)
        if self.typed.traces.file is not None:
            traces_file(self.typed.traces.file)

    def right_answer(self, one: ForecastSample) -> str:
        """The true values of a window as the ``<answer>`` part of what is imitated."""
        return prompt.answer(one)

    def example(self) -> tuple[list[float], str]:
        """A made-up truth, and the response that says so, in the form that the traces have."""
        hours = [f"2000-01-{1 + hour // 24:02} {hour % 24:02}:00:00" for hour in range(max(48, self.horizon + 1))]
        truth = tuple(20.0 + step % 7 for step in range(self.horizon))
        one = ForecastSample(
            dataset=self.name,
            title=self.typed.title,
            description="",
            channel="value",
            meaning="value",
            history=(20.0,),
            history_labels=tuple(hours[:1]),
            target=truth,
            target_labels=tuple(hours[1 : self.horizon + 1]),
            freq="h",
            period=24,
            decimals=0,
        )
        return list(truth), f"<think>As ever.</think>\n{self.right_answer(one)}"

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
        code = (windows, clock, texts, seasons, precision, sample, dataset, scale, lazy, *self.code)
        return digest(self.typed.content(), [*code, *sources(type(self), ForecastTask)], data)

    def rows(self, split: str) -> Lazy[Row]:
        """The windows of a split as questions; training's are shuffled with the dataset's seed."""
        samples = self.data.samples(split)
        return Lazy(len(samples), lambda index: self.row(samples[index], split, index), self.name)

    def traces(self, split: str) -> Sequence[Trace]:
        """Training windows with answers to imitate, written here or read from a file; for ``sft_val`` those of val."""
        if split == "sft" and self.typed.traces.file is not None:
            return self._read_traces()
        if split == "sft":
            return [self._trace(one, "train", index) for index, one in enumerate(self.data.sft_samples())]
        samples = self.data.samples("val")
        return Lazy(len(samples), lambda index: self._trace(samples[index], "val", index))

    def _trace(self, one: ForecastSample, split: str, index: int) -> Trace:
        return Trace(self.row(one, split, index), self.answer(one))

    def row(self, one: ForecastSample, split: str, index: int) -> Row:
        """A window as a question."""
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
                "seasons": self.data.seasons,
                "scale": self.data.scales[one.channel],
                "start": one.history_labels[0],
                "target_start": one.target_labels[0],
                "freq": one.freq,
                "place": one.begin / self.typed.rows_per_step,
            },
        )

    def follow(self, row: Row, values: Sequence[float]) -> list[Message]:
        """Ask again, with the last L of history and forecast, from the row where these begin."""
        begin = round((row.info["place"] + len(values)) * self.typed.rows_per_step)
        known = [*row.info["history"], *values][len(values) :]
        return self._messages(self.data.continued(row.info["channel"], known, self.data.table.labels[begin]))

    def about(self) -> dict[str, Any]:
        """Source and licence, what was found in the series, and the settings; says which windows lose their values.

        Raises:
            DataError: no training window of a channel shows how it moves.
        """
        data = self.data
        flat = data.flat_windows()
        for split, channels in flat.items():
            if channels:
                named = ", ".join(
                    f"{name} {count} ({data.decimals[name]} decimals)" for name, count in channels.items()
                )
                self.log(
                    f"dataset {self.name}: windows of {split} whose history moves, but not as shown: {named}: "
                    "raise dataset.decimals where that matters"
                )
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
                "flat_windows": flat,
                "channels": data.channels,
                "borders": asdict(data.borders),
            },
            "settings": self.typed.content(),
        }

    def _messages(self, one: ForecastSample) -> list[Message]:
        return [{"role": "user", "content": self.prompt(one)}]

    def _read_traces(self) -> list[Trace]:
        """Ready-made traces; each must be this dataset's and lie wholly in its training part."""
        path = traces_file(str(self.typed.traces.file))
        found = read_traces(path)
        last = self.data.borders.train_end - self.horizon * self.typed.rows_per_step
        wanted = {str(trace.row.info.get("target_start")) for trace in found}
        row_of = {label: row for row, label in enumerate(self.data.table.labels) if label in wanted}
        for trace in found:
            begin = str(trace.row.info.get("target_start"))
            if trace.row.source != self.name or row_of.get(begin, last + 1) > last:
                raise DataError(
                    f"{path} holds a row that is not in the training part of dataset {self.name} "
                    f"(target from {begin}): write it again for this dataset and split"
                )
        return found
