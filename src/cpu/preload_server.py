"""One process imports torch, transformers, veRL, Ray and vLLM; every process of a run is a fork of it.

A run on one machine has about ten Python processes: the trainer, the training workers, vLLM's server and engine,
agent loops, reward loops, TransferQueue. Each would spend 15 to 25 s of CPU time on the same imports. Forked
from here they start in milliseconds and share the memory of what was imported. Ray reaches this server through
``runtime_env.py_executable``, ``multiprocessing`` through ``set_executable``: both see an interpreter
(``preload_client.py``) that takes the usual arguments.

The forked processes die with the server, so that nothing of a run outlives it. CPU only: an initialised
accelerator does not survive a fork.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRELOAD = (
    "ray._private.workers.default_worker",
    "pandas",
    "pyarrow.parquet",
    "torch",
    "tensordict",
    "transformers",
    "transformers.models.qwen2.modeling_qwen2",
    "transformers.models.qwen2_5_vl.modeling_qwen2_5_vl",
    "transformers.models.qwen2_5_vl.processing_qwen2_5_vl",
    "transformers.models.qwen2_vl.video_processing_qwen2_vl",
    "torchdata.stateful_dataloader",
    "qwen_vl_utils",
    "vllm.entrypoints.cli.serve",
    "vllm.entrypoints.openai.api_server",
    "vllm.v1.engine.async_llm",
    "vllm.v1.engine.core",
    "vllm.v1.worker.cpu_worker",
    "vllm.model_executor.models.qwen2",
    "vllm.model_executor.models.qwen2_5_vl",
    "verl.trainer.main_ppo",
    "verl.trainer.sft_trainer",
    "verl.trainer.ppo.v1",
    "verl.workers.engine_workers",
    "verl.workers.rollout.vllm_rollout.vllm_async_server",
    "verl.workers.rollout.vllm_rollout.utils",
    "verl.experimental.agent_loop.single_turn_agent_loop",
    "verl.experimental.reward_loop",
)
_PR_SET_PDEATHSIG = 1
# Ray reads two variables once, when it is imported, and cannot be told later. A worker's job: a run starts its own
# local Ray, whose first and only job has this id. The process whose death ends the worker: this server.
_WORKER_IDENTITY = {"RAY_JOB_ID": "01000000"}


@dataclass
class Request:
    """What the client sent: an interpreter's command line, and the descriptors the process was given."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    fds: list[int]
    received: list[int]


def main() -> None:
    _end_with_parent()
    address, client = sys.argv[1:3]
    os.environ.update(_WORKER_IDENTITY, RAY_RAYLET_PID=str(os.getpid()))
    for name in PRELOAD:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # collections in the forks would copy the pages they share
    become(serve(address), client)


def serve(address: str) -> Request:
    """Fork one process per connection, for ever; returns in the fork only, with its request."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    partial = Path(f"{address}.starting")
    partial.unlink(missing_ok=True)
    listener.bind(str(partial))
    listener.listen(64)
    os.rename(partial, address)  # the address appears when the server is ready, not before
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(wake_read, selectors.EVENT_READ)
    waiting: dict[int, socket.socket] = {}  # process id -> the client that waits for it
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _address = listener.accept()
                request = _receive(connection)
                if request is None:
                    connection.close()
                    continue
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    # Closed here, not by the garbage collector: by then their numbers belong to other files.
                    selector.close()
                    for inherited in (listener, connection, *waiting.values()):
                        inherited.close()
                    return request
                for fd in request.received:
                    os.close(fd)
                waiting[pid] = connection
                selector.register(connection, selectors.EVENT_READ, pid)
            elif key.fileobj == wake_read:
                _drain(wake_read)
                for pid, status in _ended():
                    connection = waiting.pop(pid)
                    if connection in selector.get_map():
                        selector.unregister(connection)
                    _answer(connection, os.waitstatus_to_exitcode(status))
            elif key.data in waiting:  # the client is gone, and its process goes with it
                selector.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)


def _receive(connection: socket.socket) -> Request | None:
    header, received, _flags, _address = socket.recv_fds(connection, 8, 256)
    if len(header) < 8:
        return None
    size = int.from_bytes(header, "big")
    body = b""
    while len(body) < size:
        chunk = connection.recv(size - len(body))
        if not chunk:
            return None
        body += chunk
    return Request(**json.loads(body), received=list(received))


def _drain(fd: int) -> None:
    with suppress(BlockingIOError):
        while os.read(fd, 512):
            pass


def _ended() -> list[tuple[int, int]]:
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, status))


def _answer(connection: socket.socket, code: int) -> None:
    with suppress(OSError):
        connection.sendall(str(code).encode())
    connection.close()


def become(request: Request, client: str) -> None:
    """Turn this fork into the process that the client stands for, and run its command line."""
    _end_with_parent()
    _take_descriptors(request)
    os.environ.clear()
    os.environ.update(request.env)
    os.chdir(request.cwd)
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [folder for folder in given if folder and folder not in sys.path]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _fresh_state(client)
    code = _exit_code(lambda: _run(request.argv))
    # Leave without tearing the interpreter down: hundreds of imported modules would be freed one by one.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError, OSError):  # closed by the program, or by who reads it
            stream.flush()
    os._exit(code)


def _exit_code(run: Callable[[], None]) -> int:
    """The status with which an interpreter would end after ``run``."""
    try:
        run()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # an interpreter prints whatever reaches it
        traceback.print_exc()
        return 1
    return 0


def _end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _take_descriptors(request: Request) -> None:
    """Give the received descriptors the numbers that they had in the client, and close every other one."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 512) for fd in request.received]
    for fd in [int(name) for name in os.listdir("/proc/self/fd")]:
        if fd not in high:
            _close(fd)
    for source, number in zip(high, request.fds, strict=True):
        os.dup2(source, number, inheritable=True)
        os.close(source)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _close(fd: int) -> None:
    with suppress(OSError):
        os.close(fd)


def _fresh_state(client: str) -> None:
    """What an interpreter sets when it starts, and a fork inherits instead."""
    import multiprocessing

    import numpy
    import torch
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

    Config.initialize("")  # Ray read its settings, its authentication mode among them, in the server
    AuthenticationTokenLoader.instance().reset_cache()
    numpy.random.seed()
    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    multiprocessing.set_executable(client)


def _run(argv: list[str]) -> None:
    """Run an interpreter's command line: options are skipped, then a script, ``-c CODE`` or ``-m MODULE``."""
    index = 0
    while index < len(argv) and argv[index].startswith("-") and argv[index] not in ("-c", "-m"):
        index += 2 if argv[index] in ("-W", "-X") else 1
    kind, rest = argv[index], argv[index + 1 :]
    if kind == "-c":
        sys.argv = ["-c", *rest[1:]]
        namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        exec(compile(rest[0], "<string>", "exec"), namespace)
    elif kind == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [kind, *rest]
        sys.path.insert(0, os.path.dirname(os.path.abspath(kind)))
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    main()
