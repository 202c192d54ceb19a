"""What the loaders of published test sets share: settings, files, and that they cannot be trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data_pipelines.download import download as fetch
from src.errors import DataError

Log = Callable[[str], None]


@dataclass
class ExternalSettings:
    """kind: testbed, drop, gpqa or reclor. folder: where ``files`` lie. url: what file names are appended to."""

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


def evaluation_only(cfg: Mapping[str, Any], out_dir: Path, *, download: bool = False, log: Log = print) -> NoReturn:
    """The builder of a dataset that has test questions only."""
    name = cfg["name"]
    raise DataError(f"dataset {name} holds test questions only: use python -m src.evaluate model=FOLDER dataset={name}")


def read_settings(cfg: Mapping[str, Any] | DictConfig, split: str) -> ExternalSettings:
    """Check ``cfg``; DataError for a wrong key, or for another split than ``test``."""
    try:
        settings = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ExternalSettings), cfg))
    except OmegaConfBaseException as error:
        raise DataError(f"the dataset settings cannot be used ({str(error).splitlines()[0]}): correct them") from None
    assert isinstance(settings, ExternalSettings)
    if split != "test":
        raise DataError(f"dataset {settings.name} has no split {split}: use split=test")
    return settings


def find_files(settings: ExternalSettings, *, download: bool, log: Log) -> list[Path]:
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


def read_objects(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON list, or of JSON lines; DataError for anything else."""
    try:
        text = path.read_text("utf-8-sig")
        if text.lstrip().startswith("["):
            found = json.loads(text)
        else:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON ({error}): get the file again") from None
    if not found or not all(isinstance(one, dict) for one in found):
        raise DataError(f"{path} holds no list of questions: get the file again")
    return found


def require(one: Mapping[str, Any], fields: tuple[str, ...], path: Path, number: int) -> None:
    """Refuse a question without some of its fields; the message names all that are missing."""
    missing = [name for name in fields if one.get(name) in (None, "")]
    if missing:
        raise DataError(f"{path}, question {number}: there is no {', '.join(missing)}; it needs {', '.join(fields)}")


def fingerprint_of(paths: list[Path]) -> str:
    """A sha256 over the files' contents."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
