"""What a command does when nobody reads its output any more."""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import TextIO

EXIT_CODE = 128 + signal.SIGPIPE


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """End the command quietly when the reader of its output has gone, as in ``python -m src.report RUN | head``.

    Python ignores SIGPIPE, so that a socket which the other side has closed does not end the process, and tells of a
    closed output by a BrokenPipeError, or as late as its own exit. That of any other file goes on from here.

    Raises:
        SystemExit: with 141, what a shell calls an end by SIGPIPE.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except SystemExit as end:
        if end.code == 1 and isinstance(end.__context__, BrokenPipeError):  # rich ends the process itself
            sys.exit(EXIT_CODE)
        raise
    except BrokenPipeError:
        unread = [stream for stream in (sys.stdout, sys.stderr) if _is_unread(stream)]
        if not unread:
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in unread:  # what they still hold is written at exit
            os.dup2(nowhere, stream.fileno())
        sys.exit(EXIT_CODE)


def _is_unread(stream: TextIO) -> bool:
    waiting = select.poll()
    waiting.register(stream.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in waiting.poll(0))
