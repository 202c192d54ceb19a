"""A forecasting dataset in memory: the series with its settings; samples come out."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data_pipelines import clock, windows
from data_pipelines.precision import decimals_of, flattened, shown
from data_pipelines.sample import ForecastSample
from data_pipelines.seasons import seasons
from data_pipelines.settings import DatasetSettings
from data_pipelines.sources import SeriesTable
from src.errors import DataError
from src.tasks.forecast.scale import naive_error
from src.tasks.lazy import Lazy


class ForecastDataset:
    """Windows of a series as samples."""

    def __init__(self, settings: DatasetSettings, table: SeriesTable) -> None:
        self.settings = settings
        self.table = table
        self.channels = list(table.values)
        self.borders = windows.split_borders(len(table.labels), settings.split)
        self.freq = clock.times(table.freq, settings.rows_per_step)
        self.period = settings.period or clock.default_period(self.freq)
        self.seasons = seasons(self.freq, settings.period)
        self._values = {name: _means(column, settings.rows_per_step) for name, column in table.values.items()}
        self.decimals = {name: decimals_of(v, name, settings.decimals) for name, v in self._values.items()}

    def samples(self, split: str) -> Lazy[ForecastSample]:
        """The samples of ``split``: train is shuffled with the seed, the others are in order."""
        chosen = self._chosen(split)
        if split == "train":
            chosen = chosen.shuffled(windows.generator(self.settings.seed, "shuffle"))
        length = (split == "test" and self.settings.evaluation.target_length) or self.settings.horizon
        return Lazy(len(chosen), lambda place: self._window(*chosen[place], length))

    def _chosen(self, split: str) -> windows.Windows:
        return windows.select(split, self.borders, self.settings, self.channels)

    def flat_windows(self) -> dict[str, dict[str, int]]:
        """By split and channel, the windows whose history is constant as shown, though it is not in truth.

        Raises:
            DataError: all training windows of a channel are.
        """
        step, found = self.settings.rows_per_step, dict[str, dict[str, int]]()
        offsets = np.arange(self.settings.context_length) * step
        for split in windows.SPLITS:
            chosen, flat = self._chosen(split), dict[str, int]()
            for name in self.channels:
                starts, shown_with = chosen.of_channel(name), self.decimals[name]
                flat[name] = flattened(self._values[name], starts, offsets, shown_with)
                if split == "train" and 0 < len(starts) == flat[name]:
                    raise DataError(
                        f"every training window of column '{name}' is constant when it is shown with {shown_with} "
                        "decimals: set dataset.decimals=null or higher, or rescale it"
                    )
            found[split] = {name: count for name, count in flat.items() if count}
        return found

    def sft_samples(self) -> list[ForecastSample]:
        """The training samples that get a trace: ``traces.samples`` of them, drawn with the seed."""
        samples, traces = self.samples("train"), self.settings.traces
        draw = windows.generator(self.settings.seed, "sft")
        if not traces.perturb:
            size = min(traces.samples, len(samples))
            return [samples[i] for i in draw.choice(len(samples), size=size, replace=False)]
        return [self._perturbed(samples[i], draw) for i in draw.choice(len(samples), size=traces.samples)]

    def _perturbed(self, one: ForecastSample, draw: np.random.Generator) -> ForecastSample:
        """The window with another level and noise; see ``TraceSettings``."""
        share = self.settings.traces.perturb
        values = np.array([*one.history, *one.target])
        noise = share * values.std() * draw.standard_normal(len(values))
        moved = values * draw.uniform(1 - share, 1 + share) + noise
        history = shown(moved[: len(one.history)], one.decimals)
        return replace(one, history=tuple(history), target=tuple(moved[len(history) :].tolist()))

    @cached_property
    def scales(self) -> dict[str, float | None]:
        """What each channel's errors are scaled by, from its training part; see ``src.tasks.forecast.scale``."""
        step = self.settings.rows_per_step
        lag = step * next(iter(self.seasons.values()), 1)
        end = self.borders.train_end - step + 1  # a step's value is the mean of its rows
        return {name: naive_error([column[:end]], lag) for name, column in self._values.items()}

    def continued(self, channel: str, history: Sequence[float], start: str) -> ForecastSample:
        """A question about any history, such as one that ends in a model's own forecast (rolling); it has no truth.

        Args:
            history: (L,) values, whose first row has the timestamp ``start``.

        Raises:
            DataError: an unknown channel, or a start that cannot be continued.
        """
        if channel not in self.table.values:
            raise DataError(f"dataset {self.settings.name} has no channel '{channel}': use one of {self.channels}")
        labels = clock.continue_labels(start, self.freq, len(history) + self.settings.horizon)
        return self._sample(channel, np.asarray(history, dtype=np.float64), (), labels)

    def _window(self, channel: str, start: int, target_length: int) -> ForecastSample:
        step = self.settings.rows_per_step
        middle = start + step * self.settings.context_length
        end = middle + step * target_length
        history = self._values[channel][start:middle:step]
        target = tuple(self._values[channel][middle:end:step].tolist())
        return self._sample(channel, history, target, self.table.labels[start:end:step], start)

    def _sample(
        self,
        channel: str,
        history: NDArray[np.float64],
        target: tuple[float, ...],
        labels: Sequence[str],
        begin: int = 0,
    ) -> ForecastSample:
        return ForecastSample(
            dataset=self.settings.name,
            title=self.settings.title,
            description=self.settings.description or "",
            channel=channel,
            meaning=(self.settings.channels or {}).get(channel, channel),
            history=tuple(shown(history, self.decimals[channel])),
            history_labels=tuple(labels[: len(history)]),
            target=target,
            target_labels=tuple(labels[len(history) :]),
            freq=self.freq,
            period=self.period,
            decimals=self.decimals[channel],
            begin=begin,
        )


def _means(column: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """The mean of each row and the ``rows`` - 1 after it, shape (N - rows + 1,)."""
    return column if rows == 1 else np.lib.stride_tricks.sliding_window_view(column, rows).mean(axis=-1)
