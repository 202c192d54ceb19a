"""Start and stop the preload server of a run (see ``preload_server``)."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from src.cpu import preload_server
from src.errors import UserError
from src.processes.openmp import intel_openmp
from src.processes.reaper import ending_with_this

_CLIENT = Path(__file__).with_name("preload_client.py")


class PreloadServer:
    """Owns the server process and the file that stands for the interpreter.

    In a process that is itself a fork of such a server, as a launcher of the tests is, the server is one more fork:
    nothing is imported a second time.

    Args:
        environment: of the server, and so of what its imports read; each fork gets its own afterwards.
        log: file that receives the server's output.
    """

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        # A short path of its own: a Unix socket's address may have 107 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="preload-"))
        self.address = self._folder / "socket"
        self.python = self._folder / "python"
        self.python.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -I -S "{_CLIENT}" "{sys.executable}" "{self.address}" "$@"\n'
        )
        self.python.chmod(0o755)
        self._log = log
        places = [str(self.address), str(self.python)]
        environment = {**environment, **intel_openmp()}
        prepare = _becoming_the_server(places, environment) if _imported() else ending_with_this()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "src.cpu.preload_server", *places],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a signal to the launcher's group is the launcher's to answer
                restore_signals=False,  # a fork that goes on as Python must ignore SIGPIPE, as a new one would
                preexec_fn=prepare,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self, timeout_s: float = 300.0) -> None:
        """Block until the imports are done.

        Raises:
            UserError: the server ended, or was not ready in ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while not self.address.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])
                raise UserError(f"the libraries could not be imported; see {self._log}\n{tail}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server; its forks end with it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _imported() -> bool:
    """Whether a fork of this process can be the server: this one is itself a server's fork, and has a single thread."""
    return all(name in sys.modules for name in preload_server.PRELOAD) and threading.active_count() == 1


def _becoming_the_server(places: list[str], environment: dict[str, str]) -> Callable[[], None]:
    """A ``preexec_fn`` with which Popen's fork does not start a new interpreter: it serves with what is imported."""
    end_with_this = ending_with_this()
    words = ["-c", "from src.cpu.preload_server import main; main()", *places]

    def become() -> None:
        end_with_this()
        gc.enable()  # Popen disables it until the new program starts
        preload_server.become(preload_server.Request(words, environment, os.getcwd(), [0, 1, 2], [0, 1, 2]), places[1])

    return become
