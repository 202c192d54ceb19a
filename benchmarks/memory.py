"""Wall time and peak memory of a command with all of its processes.

    .venv/bin/python benchmarks/memory.py .venv/bin/python -m src.launch +recipe=time_r1

Memory is the sum of the processes' proportional set sizes (PSS), so that what forks share counts once; it is read every
second from /proc. Linux only.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil


def proportional_bytes(pid: int) -> int:
    """The process's proportional set size; 0 when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def tree_bytes(pid: int) -> int:
    try:
        processes = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return 0
    return proportional_bytes(pid) + sum(proportional_bytes(process.pid) for process in processes)


def main() -> None:
    began = time.monotonic()
    command = subprocess.Popen(sys.argv[1:])
    peak = 0
    while command.poll() is None:
        peak = max(peak, tree_bytes(command.pid))
        time.sleep(1)
    print(f"exit code {command.returncode}; {(time.monotonic() - began) / 60:.1f} minutes; peak {peak / 2**30:.1f} GiB")
    sys.exit(command.returncode)


if __name__ == "__main__":
    main()
