"""The OpenMP library that processes on the CPU are started with."""

from __future__ import annotations

import sys
from pathlib import Path


def intel_openmp() -> dict[str, str]:
    """Preload Intel's OpenMP, which vLLM's CPU build asks for: GNU's spins for seconds when the cores are shared."""
    library = Path(sys.prefix) / "lib" / "libiomp5.so"
    # The dynamic loader splits the variable at spaces.
    return {"LD_PRELOAD": str(library)} if library.is_file() and " " not in str(library) else {}
