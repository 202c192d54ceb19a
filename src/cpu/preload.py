"""Start and stop the preload server of a run (see ``preload_server``)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from src.errors import UserError
from src.processes.openmp import intel_openmp
from src.processes.reaper import ending_with_this

_CLIENT = Path(__file__).with_name("preload_client.py")


class PreloadServer:
    """Owns the server process and the file that stands for the interpreter.

    Args:
        environment: of the server, and so of what its imports read; each fork gets its own afterwards.
        log: file that receives the server's output.
    """

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        # A short path of its own: a Unix socket's address may have 107 bytes at most.
        self._folder = tempfile.TemporaryDirectory(prefix="preload-")
        self._address = Path(self._folder.name) / "socket"
        self.python = Path(self._folder.name) / "python"
        self.python.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -I -S "{_CLIENT}" "{sys.executable}" "{self._address}" "$@"\n'
        )
        self.python.chmod(0o755)
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "src.cpu.preload_server", str(self._address), str(self.python)],
                env={**environment, **intel_openmp()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a signal to the launcher's group is the launcher's to answer
                preexec_fn=ending_with_this(),
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
        while not self._address.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])
                raise UserError(f"the libraries could not be imported; see {self._log}\n{tail}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server; its forks end with it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def environment(self) -> dict[str, str]:
        """Variables with which a process started from this one finds the interpreter."""
        return {"PRELOAD_PYTHON": str(self.python), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
