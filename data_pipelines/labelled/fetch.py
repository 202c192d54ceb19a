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
    sums = _published(settings.sums, folder, log) if settings.sums is not None else {}
    for address in addresses:
        name = PurePosixPath(str(address)).name
        found = download(
            str(address),
            folder / name,
            sha256=settings.sha256 or sums.get(name),
            source=settings.source,
            licence=settings.licence,
            log=log,
        )
        unpack(found, folder)


def _published(address: str, folder: Path, log: Callable[[str], None]) -> dict[str, str]:
    """Checksum by name of file, from lines as ``sha256sum`` writes them."""
    listed = download(address, folder / PurePosixPath(address).name, sha256=None, source="its checksums", log=log)
    rows = (line.split(None, 1) for line in listed.read_text("utf-8").splitlines())
    return {PurePosixPath(row[1].strip().lstrip("*")).name: row[0].lower() for row in rows if len(row) == 2}


def unpack(path: Path, folder: Path, deep: int = _DEEPEST) -> None:
    """The files of a zip file, each whole; none of them outside of the folder. Nothing where it is no zip file.

    Args:
        deep: how deep zip files lie in each other, at most.

    Raises:
        DataError: the zip file is broken.
    """
    if not deep or not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as file:
            for one in file.infolist():
                parts = PurePosixPath(one.filename).parts
                if one.is_dir() or ".." in parts or PurePosixPath(one.filename).is_absolute() or "__MACOSX" in parts:
                    continue
                write_data(folder.joinpath(*parts), file.read(one))
                unpack(folder.joinpath(*parts), folder, deep - 1)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is a broken zip file ({error}): remove it and try again") from None
