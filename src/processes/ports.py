"""Ports of this machine, and what tells the sockets of its runs apart."""

import hashlib
import socket
from pathlib import Path

# A variable of all processes of a run. veRL names its socket for weights by Ray's job, and the first job of every local
# Ray has the same id: ``src.patches`` adds this to the name.
WEIGHTS_KEY = "RUN_WEIGHTS_KEY"


def weights_key(run: Path) -> str:
    """The value of ``WEIGHTS_KEY`` that no other run's folder has."""
    return hashlib.sha256(str(run).encode()).hexdigest()[:8]


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
