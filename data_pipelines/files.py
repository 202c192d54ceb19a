"""Files that appear whole or not at all."""

from collections.abc import Callable
from pathlib import Path

from src.errors import DataError
from src.record.run import whole_file


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write(temporary)` fill a file beside `path`, then move it into place; its folder is made when missing.

    Raises DataError when the disk refuses; then, as after any other error of `write`, `path` is as it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary:
            write(temporary)
    except OSError as error:
        raise DataError(
            f"cannot write {path} ({error.strerror or error}): free space or choose another folder"
        ) from None
