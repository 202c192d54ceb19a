"""The typed form of a ``conf/dataset/*.yaml`` file that starts from ``_classify.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig

from data_pipelines.labelled.series import names_of
from data_pipelines.typed import read_typed
from src.errors import DataError
from src.tasks.plots import PlotSettings

# Where files lie does not change what is in them, so these stay out of the fingerprint.
LOCATION_KEYS = ("task", "folder", "path", "test_path", "url", "sha256", "sums", "source", "licence")
SHOWN = ("plot", "numbers", "both")
IMAGES = ("own", "blank", "other")
MISSING_VALUES = ("interpolate", "refuse")


@dataclass
class SplitSettings:
    """Shares of what is cut off: ``val`` of the training part, ``test`` where the archive has no official one."""

    val: float = 0.2
    test: float = 0.2


@dataclass
class MaxRows:
    """At most this many series of a split, drawn with the seed; null keeps all."""

    train: int | None = None
    val: int | None = None
    test: int | None = None


@dataclass
class LabelledSettings:
    """One labelled dataset; conf/dataset/_classify.yaml says what each key means. Lengths are in time steps."""

    name: str = MISSING
    title: str = MISSING
    task: str = "data_pipelines.labelled.task.Classify"
    reader: str = MISSING
    files: dict[str, str] = field(default_factory=dict)
    folder: str | None = None
    path: str | None = None
    test_path: str | None = None
    url: Any = None
    sha256: str | None = None
    sums: str | None = None
    source: str = "unknown"
    licence: str = "unknown"
    description: str | None = None
    classes: Any = None
    hints: dict[str, str] = field(default_factory=dict)
    channel_names: list[str] = field(default_factory=list)
    channels: list[str] | None = None
    max_channels: int = 12
    rate: float | None = None
    window: int | None = None
    max_length: int | None = None
    missing: str = "interpolate"
    label_column: str = "label"
    id_column: str | None = None
    split_column: str | None = None
    split: SplitSettings = field(default_factory=SplitSettings)
    max_rows: MaxRows = field(default_factory=MaxRows)
    balanced: bool = False
    solvers: list[str] = field(default_factory=lambda: ["dtw_1nn", "rocket"])
    seed: int = 0
    show: str = "plot"
    image: str = "own"
    digits: int = 3
    plot: PlotSettings = field(default_factory=PlotSettings)

    def content(self) -> dict[str, Any]:
        """What decides the built rows: all settings but the places where files lie."""
        return {key: value for key, value in asdict(self).items() if key not in LOCATION_KEYS} | {
            "classes": names_of(self.classes)
        }


def read_settings(
    cfg: Mapping[str, Any] | DictConfig, kind: type[LabelledSettings] = LabelledSettings
) -> LabelledSettings:
    """Check ``cfg`` against the settings of this kind.

    Raises:
        DataError: it names the key and the fix.
    """
    settings = read_typed(cfg, kind)
    _check(settings)
    return settings


def _check(settings: LabelledSettings) -> None:
    from data_pipelines.labelled.solvers import SOLVERS

    names_of(settings.classes)
    least = {
        "max_channels": (settings.max_channels, 1),
        "window": (settings.window, 2),
        "max_length": (settings.max_length, 2),
        "max_rows.train": (settings.max_rows.train, 1),
        "max_rows.val": (settings.max_rows.val, 1),
        "max_rows.test": (settings.max_rows.test, 1),
        "seed": (settings.seed, 0),
        "digits": (settings.digits, 1),
    }
    for key, (value, minimum) in least.items():
        if value is not None and value < minimum:
            raise DataError(f"dataset.{key} is {value}: set it to at least {minimum}")
    for key, share in (("split.val", settings.split.val), ("split.test", settings.split.test)):
        if not 0 < share < 1:
            raise DataError(f"dataset.{key} is {share}: set it to a share above 0 and below 1")
    if settings.rate is not None and not settings.rate > 0:
        raise DataError(f"dataset.rate is {settings.rate}: set it to the steps per second, or null")
    for key, given, known in (
        ("show", settings.show, SHOWN),
        ("image", settings.image, IMAGES),
        ("missing", settings.missing, MISSING_VALUES),
        *(("solvers", name, tuple(SOLVERS)) for name in settings.solvers),
    ):
        if given not in known:
            raise DataError(f"dataset.{key} is '{given}': set it to {' or '.join(known)}")
