"""SIGTERM, as a cluster sends it before it takes a machine away: a training saves first, anything else ends at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 128 + signal.SIGTERM


class Terminated(BaseException):
    """The run was told to end, and has done what there was time for; the message says what. No error."""


class Stopping:
    """A context that listens for SIGTERM."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        self._patient = False

    def __enter__(self) -> Stopping:
        self._before = signal.signal(signal.SIGTERM, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Inside, the first signal is only noted (``asked_at``): whoever asked for patience looks at it."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False

    def end_if_asked(self, where: str) -> None:
        """Call it where a run may end.

        Raises:
            Terminated: a signal has come while somebody had patience.
        """
        if self.asked_at is not None:
            raise Terminated(f"SIGTERM: {where}")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._patient and self.asked_at is None:
            self.asked_at = time.time()
            return
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is left now is ending the run's processes
        raise Terminated("SIGTERM: the run was ended at once")
