"""What is needed to repeat a run elsewhere: command, code, versions, machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Those that decide what a run computes; ``packages`` in run.json lists every installed one.
PACKAGES = ("verl", "torch", "vllm", "ray", "transformers", "hydra-core", "tensordict", "numpy")
ROOT = Path(__file__).resolve().parents[2]
_LONGEST_DIFF = 2**20


def provenance(arguments: Sequence[str]) -> dict[str, Any]:
    """The record of one launch.

    Args:
        arguments: of ``python -m src.launch``, as the user gave them.
    """
    return {
        "command": shlex.join(["python", "-m", "src.launch", *arguments]),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "host": socket.gethostname(),
        "git": git_state(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "hardware": _hardware(),
    }


def git_state() -> dict[str, Any]:
    """Commit of the project's code, None outside a checkout, and whether the tree was dirty."""
    return {"commit": _git("rev-parse", "HEAD"), "dirty": bool(_git("status", "--porcelain"))}


def uncommitted_changes() -> str | None:
    """The difference between the tree and its commit; None when there is none, or it is not a checkout."""
    difference = _git("diff", "HEAD", "--no-ext-diff")
    return difference[:_LONGEST_DIFF] + "\n" if difference else None


def installed_packages() -> dict[str, str]:
    """Name and version of everything that is installed in this environment."""
    found = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    return dict(sorted(found.items(), key=lambda item: str(item[0]).lower()))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _hardware() -> dict[str, Any]:
    model = None
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    accelerators = sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))
    return {
        "cpu": model or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "accelerators": len(accelerators),
    }
