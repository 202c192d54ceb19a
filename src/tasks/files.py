"""Files of data: they appear whole or not at all, and a disk that refuses is the user's to mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from src.errors import DataError
from src.record.files import write_whole


def write_data(path: Path, content: bytes | Callable[[Path], object]) -> None:
    """Write a file of a dataset as ``src.record.files.write_whole`` does; its folder is made when missing.

    Raises:
        DataError: the disk refuses; then, as after any other error of ``content``, ``path`` is as it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise DataError(
            f"cannot write {path} ({error.strerror or error}): free space or choose another folder"
        ) from None
