"""Ends whatever a run left behind, however its launcher ended.

Ray's daemons and vLLM's engine outlive the process that started them. The launcher declares itself the reaper of its
descendants: an orphan becomes its child, so that all of a run's processes are found below it and ended when a stage is
over. A guard process does the same when the launcher itself is killed: it keeps a list of the launcher's descendants,
and ends them when a pipe closes, which the kernel does with the launcher. What the launcher has started since the guard
last looked is ended by the kernel itself (``ending_with_this``).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_INTERVAL_S = 0.5


def adopt_orphans() -> None:
    """From now on an orphaned descendant becomes this process's child, not init's."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def ending_with_this() -> Callable[[], None]:
    """A ``preexec_fn`` for Popen: the kernel kills the process when the thread that started it ends."""
    parent = os.getpid()

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # which has ended before the kernel was told
            os._exit(1)

    return prepare


def descendants(pid: int) -> list[psutil.Process]:
    """The living processes below ``pid``."""
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in found if _alive(process)]


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_descendants(keep: frozenset[int] = frozenset()) -> int:
    """Kill every process below this one whose id is not in ``keep``; returns how many there were."""
    return _kill_until_none(lambda: [one for one in descendants(os.getpid()) if one.pid not in keep])


def _kill_until_none(find: Callable[[], list[psutil.Process]]) -> int:
    ended = 0
    for _ in range(20):  # one that was just being started appears in the next round
        processes = find()
        if not processes:
            break
        for process in processes:
            try:
                process.send_signal(signal.SIGKILL)
                ended += 1
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(processes, timeout=2)
    return ended


def guard(*descriptors: int) -> subprocess.Popen[bytes]:
    """Start the process that ends this one's descendants when this one is gone. Keep the returned handle.

    Args:
        descriptors: kept open by the guard until it ends, such as a lock that must outlive the launcher's processes.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "src.processes.reaper", str(os.getpid())],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal to the launcher's group must not reach it
        pass_fds=descriptors,
    )


def main() -> None:
    launcher = int(sys.argv[1])
    known: dict[psutil.Process, None] = {}
    ended = False
    while not ended:
        # Those of before are kept while they live: a launcher that is killed just now has no descendants any more.
        found = dict.fromkeys([*known, *descendants(launcher)])
        known = {one: None for one in found if one.pid != os.getpid() and _alive(one)}
        ended = bool(select.select([sys.stdin], [], [], _INTERVAL_S)[0])

    def left() -> list[psutil.Process]:
        alive = [one for one in known if _alive(one)]  # a reused id is another process to psutil
        return list(dict.fromkeys([*alive, *(child for one in alive for child in descendants(one.pid))]))

    _kill_until_none(left)


if __name__ == "__main__":
    main()
