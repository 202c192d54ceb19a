"""One launcher per run: a second one would write into the same record."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.errors import UserError

LOCK_FILE = ".lock"
PATIENCE_S = 30.0  # for the processes of a launcher that was killed, which the guard is ending


@contextmanager
def sole_launcher(folder: Path) -> Iterator[int]:
    """Hold the run in ``folder`` for this process, and for whoever is given the yielded descriptor.

    The kernel lets go of the lock when the last of them ends, however it ends.

    Raises:
        UserError: another launcher holds it, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UserError(f"cannot write the run's folder {folder}: {error.strerror}; choose run.folder=") from None
    try:
        _take(descriptor, folder)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
        if time.monotonic() > deadline:
            raise UserError(
                f"the run {folder} is being carried out by {holder}: wait for it, end it, or choose another run.name="
            ) from None
        if not said:
            print(f"waiting for {holder}, which holds the run, to end", flush=True)
            said = True
        time.sleep(0.2)
