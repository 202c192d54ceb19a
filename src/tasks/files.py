"""Files of data: they appear whole or not at all, and a disk that refuses is the user's to mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.errors import DataError
from src.record.run import whole_file


@contextmanager
def filled(path: Path) -> Iterator[Path]:
    """Hand out a file beside ``path`` to be filled: moved into place when the block ends; its folder is made.

    Raises:
        DataError: the disk refuses; then, as after any other error of the block, ``path`` is as it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            yield partial
    except OSError as error:
        raise DataError(
            f"cannot write {path} ({error.strerror or error}): free space or choose another folder"
        ) from None
