"""Find a dataset's raw series: in a package, a file or folder that the user names, or a download."""

from collections.abc import Callable
from pathlib import Path

from data_pipelines import packaged
from data_pipelines.download import download, how_to_get, mismatch
from data_pipelines.settings import DatasetSettings
from data_pipelines.sources import Layout, SeriesTable, column_names, read_csv
from src.config.quoting import typed
from src.errors import DataError

_DEFAULT_DOWNLOADS = Path("data")

Log = Callable[[str], None]


def load_table(settings: DatasetSettings, *, fetch: bool = False, log: Log = print) -> SeriesTable:
    """Read the raw series.

    Args:
        fetch: whether a missing file may be downloaded.

    Raises:
        DataError: there is none; the sentence says how to give the file.
    """
    if settings.packaged is not None:
        return packaged.load(settings.packaged)
    path = _raw_file(settings, fetch, log)
    if settings.targets() is None:
        taken = [*settings.date_columns(), *settings.id_columns()]
        names = [name for name in column_names(path, settings.separator) if name not in taken]
        first = typed("dataset.target", names[0]) if names else "dataset.target=COLUMN"
        raise DataError(
            f"dataset {settings.name} needs columns: set dataset.target to one or more of {', '.join(names)}, such as "
            f"{first}"
        )
    layout = Layout(
        dates=settings.date_columns(),
        ids=settings.id_columns(),
        series=settings.series_names(),
        freq=settings.freq,
        date_format=settings.date_format,
        separator=settings.separator,
        decimal=settings.decimal,
    )
    return read_csv(path, settings.targets(), layout, log)


def find_file(settings: DatasetSettings, *, fetch: bool = False) -> None:
    """Look for the raw series without reading or downloading it.

    Args:
        fetch: whether a missing file may be downloaded, so that it need not be there.

    Raises:
        DataError: as ``load_table``.
    """
    if settings.packaged is not None or (fetch and settings.path is None and settings.url is not None):
        return
    path = _raw_file(settings, fetch=False, log=lambda _: None)
    if not path.is_file():
        raise DataError(f"{path} is not a file: check the path")


def _raw_file(settings: DatasetSettings, fetch: bool, log: Log) -> Path:
    if settings.path is not None:
        return Path(settings.path).expanduser()
    if settings.file is None:
        raise DataError(f"dataset {settings.name} needs a file: set dataset.path=FILE.csv and dataset.target=COLUMN")
    folder = Path(settings.folder).expanduser() if settings.folder else _DEFAULT_DOWNLOADS / settings.name
    found = search(folder, settings.file)
    if found is not None:
        if problem := mismatch(found, settings.sha256, settings.git_sha1):
            log(f"note: {found} is not the published file ({problem}); it is used as it is")
        return found
    if not fetch:
        raise DataError(f"{settings.file} is not in {folder} (nor two folders deeper): {how_to_get(settings.url)}")
    if settings.url is None:
        raise DataError(
            f"dataset {settings.name} has no address to download from: name its folder with dataset.folder=DIR"
        )
    return download(
        settings.url,
        folder / settings.file,
        sha256=settings.sha256,
        git_sha1=settings.git_sha1,
        source=settings.source,
        licence=settings.licence,
        log=log,
    )


def search(folder: Path, name: str, deep: int = 2) -> Path | None:
    """The first ``name``, which may hold ``*``, in the folder or so many levels deeper; None where there is none.

    Public copies keep one folder per dataset.
    """
    for level in range(deep + 1):
        hits = sorted(folder.glob("*/" * level + name)) if folder.is_dir() else []
        if hits:
            return hits[0]
    return None
