"""Launchers that start with the libraries imported: forks of one preload server that a test session shares.

Importing torch, veRL, vLLM and Ray takes an ordinary launch nine seconds, in the preload server that it starts. A
launcher that is a fork of the session's server forks its own from itself (``src.cpu.preload``); all else, its processes
and their tree included, is as in any launch.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from composing import compose_run
from launching import ROOT, Family, Launched

from src.config.stages import worker_environment
from src.cpu.preload import PreloadServer
from src.cpu.preload_client import ask

# Tells its id, which the server's protocol does not, and becomes the module that it is asked to be.
_START = """
import os, runpy, sys
pid_to, session, module = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if session: os.setsid()
os.write(pid_to, b"%d\\n" % os.getpid())
os.close(pid_to)
sys.argv = sys.argv[3:]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


class Warm:
    """A server with the libraries, and launchers forked from it."""

    def __init__(self, log: Path) -> None:
        cfg = compose_run("+recipe=time_r1", "scale=smoke", "runtime=cpu")
        self._server = PreloadServer({**os.environ, **worker_environment(cfg)}, log)

    def start(self, words: list[str], start_new_session: bool = False) -> Fork:
        """What ``subprocess.Popen`` does with the words ``python -m MODULE ...``, output and errors in one pipe."""
        self._server.wait_until_ready()
        assert words[1] == "-m"
        return Fork(self._server.address, words[2:], start_new_session)

    def killed_and_gone_on_with(self, words: list[str], run: Path) -> Launched:
        """What is left of a run that is killed behind its first RL step, and started again by the same words."""
        launcher = self.start(words)
        while launcher.poll() is None and not (run / "samples" / "rl_1.jsonl").is_file():
            time.sleep(0.05)
        launcher.kill()
        before, _ = launcher.communicate(timeout=60)
        launcher = self.start(words)
        family = Family(launcher.pid)
        output, _ = launcher.communicate(timeout=900)
        return Launched(launcher.returncode, before + output, run, family.left())

    @property
    def python(self) -> str:
        """An interpreter that has everything imported, for ``subprocess.run``."""
        self._server.wait_until_ready()
        return str(self._server.python)

    def stop(self) -> None:
        self._server.stop()


class Fork:
    """A process of the server; what the tests use of ``subprocess.Popen``."""

    def __init__(self, server: Path, words: list[str], start_new_session: bool) -> None:
        self.args = words
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.connect(str(server))
        (output, output_end), (pid, pid_end), nothing = os.pipe(), os.pipe(), os.open(os.devnull, os.O_RDONLY)
        argv = ["-c", _START, "3", "session" if start_new_session else "", *words]
        descriptors = {0: nothing, 1: output_end, 2: output_end, 3: pid_end}
        ask(self._connection, argv, dict(os.environ), str(ROOT), descriptors)
        for descriptor in (nothing, output_end, pid_end):
            os.close(descriptor)
        self.stdout = os.fdopen(output, errors="replace")
        with os.fdopen(pid) as line:
            self.pid = int(line.read())

    def poll(self) -> int | None:
        return self._end(0)

    def _end(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], timeout_s)[0]:
            answer = self._connection.recv(16)
            self._connection.close()
            self.returncode = int(answer) if answer else -signal.SIGKILL  # the server has ended, and its forks with it
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if (code := self._end(timeout)) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def communicate(self, timeout: float) -> tuple[str, None]:
        text: list[str] = []
        reader = threading.Thread(target=lambda: text.append(self.stdout.read()), daemon=True)
        deadline = time.monotonic() + timeout
        reader.start()
        reader.join(timeout)
        if reader.is_alive():
            raise subprocess.TimeoutExpired(self.args, timeout)
        self.wait(max(0, deadline - time.monotonic()))
        return text[0], None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
