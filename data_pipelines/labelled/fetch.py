"""An archive from its public address, when the user asks for it; of zip files the content is kept."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from data_pipelines.download import download
from data_pipelines.labelled.settings import LabelledSettings
from src.errors import DataError
from src.tasks.files import write_data

_DEEPEST = 2  # UCI wraps a zip file into another


def fetch(settings: LabelledSettings, folder: Path, log: Callable[[str], None]) -> None:
    """Download ``dataset.url`` into a folder.

    Raises:
        DataError: as ``data_pipelines.download.download``, or for a zip file that is broken.
    """
    addresses = settings.url if isinstance(settings.url, list) else [settings.url]
    if settings.sha256 is not None and len(addresses) > 1:
        raise DataError("dataset.sha256 is of one file, and dataset.url names several: leave one of them out")
    for address in addresses:
        target = folder / PurePosixPath(str(address)).name
        found = download(
            str(address), target, sha256=settings.sha256, source=settings.source, licence=settings.licence, log=log
        )
        _unpack(found, folder, _DEEPEST)


def _unpack(path: Path, folder: Path, deep: int) -> None:
    """The files of a zip file, each whole; none of them outside of the folder."""
    if not deep or not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as file:
            for one in file.infolist():
                parts = PurePosixPath(one.filename).parts
                if one.is_dir() or ".." in parts or PurePosixPath(one.filename).is_absolute() or "__MACOSX" in parts:
                    continue
                write_data(folder.joinpath(*parts), file.read(one))
                _unpack(folder.joinpath(*parts), folder, deep - 1)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is a broken zip file ({error}): remove it and try again") from None
