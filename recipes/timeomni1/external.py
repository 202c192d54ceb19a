"""Published test sets, for evaluation only: the paper's own, and its general-reasoning benchmarks.

    python -m src.evaluate model=FOLDER dataset=timeomni1_testbed dataset.folder=DIR

``kind`` names the reader of the files. They cannot be trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data_pipelines.download import download as fetch
from recipes.timeomni1 import benchmarks, scoring, testbed
from src.errors import DataError
from src.evaluation.questions import Group, QuestionSet

Log = Callable[[str], None]
Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """read: path, seed -> rows without their index. score: as in ``QuestionSet``."""

    read: Callable[[Path, int], list[Row]]
    score: Callable[..., dict[str, Group]] = scoring.evaluate


KINDS = {
    "testbed": Kind(testbed.read),
    "gpqa": Kind(benchmarks.read_gpqa),
    "reclor": Kind(benchmarks.read_reclor),
    "drop": Kind(benchmarks.read_drop, benchmarks.score_spans),
}


@dataclass
class ExternalSettings:
    """kind: see ``KINDS``. folder: where ``files`` lie. url: what file names are appended to."""

    name: str = MISSING
    title: str = MISSING
    builder: str = MISSING
    kind: str = MISSING
    folder: str | None = None
    files: list[str] = field(default_factory=list)
    url: str | None = None
    source: str = "unknown"
    licence: str = "unknown"
    seed: int = 0


def build(cfg: Mapping[str, Any], out_dir: Path, *, download: bool = False, log: Log = print) -> NoReturn:
    """There is nothing to build: a DataError that says what these files are for."""
    name = cfg["name"]
    raise DataError(f"dataset {name} holds test questions only: use python -m src.evaluate model=FOLDER dataset={name}")


def load_questions(
    dataset_cfg: Mapping[str, Any] | DictConfig, *, split: str, download: bool = False, log: Log = print
) -> QuestionSet:
    """The questions of one test set; DataError names the file, the question and what is missing."""
    settings = _read_settings(dataset_cfg, split)
    kind = KINDS[settings.kind]
    paths = _find_files(settings, download=download, log=log)
    rows = [row for path in paths for row in kind.read(path, settings.seed)]
    if not rows:
        raise DataError(f"{', '.join(map(str, paths))} holds no questions: get the files again")
    for index, row in enumerate(rows):
        row["extra_info"]["index"] = index
    return QuestionSet(settings.name, _fingerprint(paths), rows, kind.score)


def _read_settings(cfg: Mapping[str, Any] | DictConfig, split: str) -> ExternalSettings:
    """Check ``cfg``; DataError for a wrong key, an unknown kind, or another split than ``test``."""
    try:
        settings = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ExternalSettings), cfg))
    except OmegaConfBaseException as error:
        raise DataError(f"the dataset settings cannot be used ({str(error).splitlines()[0]}): correct them") from None
    assert isinstance(settings, ExternalSettings)
    if split != "test":
        raise DataError(f"dataset {settings.name} has no split {split}: use split=test")
    if settings.kind not in KINDS:
        raise DataError(f"dataset.kind is '{settings.kind}': set it to one of {', '.join(KINDS)}")
    return settings


def _find_files(settings: ExternalSettings, *, download: bool, log: Log) -> list[Path]:
    """The files in ``folder`` (by default data/<name>), fetched when that is allowed.

    Raises DataError, which says how to get them.
    """
    folder = Path(settings.folder).expanduser() if settings.folder else Path("data") / settings.name
    found = []
    for name in settings.files:
        path = folder / name
        if not path.is_file():
            if not download or settings.url is None:
                hint = f", or add download=true to fetch it from {settings.url}" if settings.url else ""
                raise DataError(f"{path} is not there: name its folder with dataset.folder=DIR{hint}")
            fetch(
                f"{settings.url}/{name}", path, sha256=None, source=settings.source, licence=settings.licence, log=log
            )
        found.append(path)
    return found


def _fingerprint(paths: Sequence[Path]) -> str:
    """A sha256 over the files' contents."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
