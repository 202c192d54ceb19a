"""The typed form of a ``conf/dataset/*.yaml`` file: unknown keys and wrong types are refused."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig

from data_pipelines.cells import SEPARATORS
from data_pipelines.decimals import DECIMALS
from data_pipelines.precision import MOST
from data_pipelines.typed import read_typed
from src.errors import DataError

# Where a file lies does not change what is in it, so these stay out of the fingerprint.
LOCATION_KEYS = ("task", "folder", "file", "path", "url", "source", "licence", "sha256", "git_sha1")


@dataclass
class SplitSettings:
    """Shares of the rows in time order, or ``borders``: the row numbers where train, val and test end (ETT)."""

    train: float = 0.7
    val: float = 0.1
    test: float = 0.2
    borders: list[int] | None = None


@dataclass
class MaxWindows:
    """At most this many windows of a split (drawn with the seed); null keeps all."""

    train: int | None = None
    val: int | None = None
    test: int | None = None


@dataclass
class WindowsOfTest:
    """Which windows make up ``test``.

    Args:
        mode: ``paper``: the first ``windows_per_channel`` windows of each column, ``paper_stride`` apart, as Time-R1's
            released evaluation takes them; ``full``: every window of the test rows, ``full_stride`` apart.
        target_length: length of the truth in ``test`` when it is longer than the horizon (rolling forecasts).
    """

    mode: str = "full"
    windows_per_channel: int = 10
    paper_stride: int = 96
    full_stride: int = 1
    target_length: int | None = None


@dataclass
class PromptSettings:
    """How a window is shown.

    Args:
        timestamps: ``rows`` (a table), ``start`` (the first only), ``weekday`` (of the first), ``seasons`` (the same,
            and one line a season) or ``none``.
        context: describe data and channel.
    """

    timestamps: str = "rows"
    context: bool = True


@dataclass
class TraceSettings:
    """Reasoning traces for SFT: the task's own, or ready-made rows from ``file`` (a teacher's).

    Args:
        perturb: how far SFT windows are moved away from the series, so that a small model learns to read a window
            instead of remembering a short series. The level is multiplied by a factor in 1 +- perturb, and noise is
            added, perturb times the window's standard deviation. Windows are then drawn with replacement.
    """

    samples: int = 300
    perturb: float = 0.0
    file: str | None = None


@dataclass
class RewardSettings:
    """What the series is to a reward that sets forecasts against a naive one; conf/reward/time_r1.yaml reads it.

    Args:
        naive: the honest naive forecast, ``last_day`` (the last season again) or ``last_value``, without a season.
        min_agreement: correlation with the truth that an answer needs to be paid for more than the naive forecast;
            -1: none, where the best forecasts are nearly constant.
        slope: how fast the reward falls with the squared error in units of the window's variance.
    """

    naive: str = "last_day"
    min_agreement: float = 0.3
    slope: float = 4.0


@dataclass
class DatasetSettings:
    """One forecasting dataset. Lengths are in time steps, strides and borders in rows of the series."""

    name: str = MISSING
    title: str = MISSING
    task: str = "data_pipelines.forecast.Forecast"
    packaged: str | None = None
    folder: str | None = None
    file: str | None = None
    path: str | None = None
    url: str | None = None
    sha256: str | None = None
    git_sha1: str | None = None
    source: str = "unknown"
    licence: str = "unknown"
    description: str | None = None
    channels: dict[str, str] | None = None
    target: Any = None
    separator: str | None = None
    decimal: str | None = None
    date_column: Any = "date"
    date_format: str | None = None
    id_column: Any = None
    series: Any = None
    freq: str | None = None
    rows_per_step: int = 1
    period: int | None = None
    context_length: int = 96
    horizon: int = 96
    stride: int = 1
    split: SplitSettings = field(default_factory=SplitSettings)
    max_windows: MaxWindows = field(default_factory=MaxWindows)
    evaluation: WindowsOfTest = field(default_factory=WindowsOfTest)
    seed: int = 0
    decimals: int | None = 3
    prompt: PromptSettings = field(default_factory=PromptSettings)
    traces: TraceSettings = field(default_factory=TraceSettings)
    reward: RewardSettings = field(default_factory=RewardSettings)

    def targets(self) -> list[str] | None:
        """The columns to forecast, or None for all of the file's."""
        if self.target is None:
            # Of series below each other the channels are the series, not columns.
            return list(self.channels) if self.channels and self.id_column is None else None
        return _names(self.target)

    def date_columns(self) -> list[str]:
        """The columns of the dates: none, one, or those of their parts."""
        return _names(self.date_column)

    def id_columns(self) -> list[str]:
        """The columns that tell apart series below each other; none: there is one."""
        return _names(self.id_column)

    def series_names(self) -> list[str]:
        """The series of ``id_column`` to take; none: all."""
        return _names(self.series)

    def content(self) -> dict[str, Any]:
        """What decides the built files: all settings but the places where files lie, and what the reward is told."""
        content = {key: value for key, value in asdict(self).items() if key not in (*LOCATION_KEYS, "reward")}
        del content["traces"]["file"]  # its content is part of the fingerprint, not its name
        return content


def _names(given: Any) -> list[str]:
    """One column or a list; a column may be named by a number, which the command line reads as one."""
    if given is None:
        return []
    return [str(name) for name in (given if isinstance(given, list) else [given])]


def read_settings(
    cfg: Mapping[str, Any] | DictConfig, kind: type[DatasetSettings] = DatasetSettings
) -> DatasetSettings:
    """Check ``cfg`` against the settings of this kind.

    Raises:
        DataError: it names the key and the fix.
    """
    settings = read_typed(cfg, kind)
    _check(settings)
    return settings


def _check(settings: DatasetSettings) -> None:
    least = {
        "context_length": (settings.context_length, 2),
        "horizon": (settings.horizon, 1),
        "stride": (settings.stride, 1),
        "rows_per_step": (settings.rows_per_step, 1),
        "period": (settings.period, 1),
        "seed": (settings.seed, 0),
        "decimals": (settings.decimals, 0),
        "max_windows.train": (settings.max_windows.train, 1),
        "max_windows.val": (settings.max_windows.val, 1),
        "max_windows.test": (settings.max_windows.test, 1),
        "evaluation.windows_per_channel": (settings.evaluation.windows_per_channel, 1),
        "evaluation.paper_stride": (settings.evaluation.paper_stride, 1),
        "evaluation.full_stride": (settings.evaluation.full_stride, 1),
        "evaluation.target_length": (settings.evaluation.target_length, settings.horizon),
        "traces.samples": (settings.traces.samples, 1),
    }
    for key, (value, minimum) in least.items():
        if value is not None and value < minimum:
            raise DataError(f"dataset.{key} is {value}: set it to at least {minimum}")
    if settings.decimals is not None and settings.decimals > MOST:
        raise DataError(f"dataset.decimals is {settings.decimals}: set it to at most {MOST}")
    if not 0 <= settings.traces.perturb < 1:
        raise DataError(f"dataset.traces.perturb is {settings.traces.perturb}: set it to at least 0 and below 1")
    if settings.evaluation.mode not in ("paper", "full"):
        raise DataError(f"dataset.evaluation.mode is '{settings.evaluation.mode}': set it to paper or full")
    if settings.prompt.timestamps not in ("rows", "start", "weekday", "seasons", "none"):
        raise DataError(
            f"dataset.prompt.timestamps is '{settings.prompt.timestamps}': "
            "set it to rows, start, weekday, seasons or none"
        )
    if settings.separator is not None and settings.separator not in SEPARATORS and len(settings.separator) != 1:
        raise DataError(f"dataset.separator is '{settings.separator}': set it to {', '.join(SEPARATORS)} or one mark")
    if settings.decimal is not None and settings.decimal not in {*DECIMALS, *DECIMALS.values()}:
        raise DataError(f"dataset.decimal is '{settings.decimal}': set it to {' or '.join(DECIMALS)}")
    if settings.series is not None and settings.id_column is None:
        raise DataError("dataset.series chooses among series below each other: set dataset.id_column too")
    for key in ("date_column", "id_column", "series"):
        if isinstance(getattr(settings, key), dict) or len(set(names := _names(getattr(settings, key)))) < len(names):
            raise DataError(f"dataset.{key} is neither a name nor a list of different ones: set dataset.{key}=NAME")
    targets = settings.targets()
    if isinstance(settings.target, dict) or targets == []:
        raise DataError("dataset.target is neither a column name nor a list of them: set dataset.target=COLUMN")
    if targets is not None and len(set(targets)) < len(targets):
        raise DataError(f"dataset.target names a column twice: {targets}")
