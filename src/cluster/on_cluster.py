"""A program on the nodes of a cluster: ``python -m src.cluster.on_cluster ... MODULE ARGUMENT ...``, within a job.

SFT and evaluation know nothing of Ray; where there is a cluster, their processes run on its nodes through this one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def command(
    python: str, module: str, arguments: Sequence[str], ranks: int, devices: int, job: Mapping[str, Any]
) -> list[str]:
    """The command that runs ``module`` as ``ranks`` processes with ``devices`` each.

    Args:
        job: of ``ray.init``: ``namespace`` and ``runtime_env``.
    """
    options = [f"--ranks={ranks}", f"--devices={devices}", f"--job={json.dumps(job)}"]
    return [python, "-m", "src.cluster.on_cluster", *options, module, *arguments]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m src.cluster.on_cluster", description=__doc__)
    parser.add_argument("--ranks", type=int, required=True)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--job", type=json.loads, required=True)
    parser.add_argument("module")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    import ray

    from src.cluster.workers import run_ranks

    ray.init(address="auto", **options.job)
    return run_ranks(options.module, options.arguments, options.ranks, options.devices)


if __name__ == "__main__":
    sys.exit(main())
