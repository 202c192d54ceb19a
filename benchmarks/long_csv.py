"""Peak memory and time of building a dataset from a long CSV file, which is written first.

.venv/bin/python benchmarks/long_csv.py 5000000 [dataset.max_windows.test=null]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

_AT_ONCE = 500_000


def write(path: Path, rows: int) -> None:
    """A daily cycle with noise, a value every minute."""
    times = pd.date_range("2010-01-01", periods=rows, freq="min")
    values = 100 + 20 * np.sin(np.arange(rows) * 2 * np.pi / 1440) + 5 * np.random.default_rng(0).standard_normal(rows)
    with path.open("w") as file:
        file.write("date,v\n")
        for first in range(0, rows, _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            labels = times[part].strftime("%Y-%m-%d %H:%M:%S")
            file.writelines(f"{label},{value:.3f}\n" for label, value in zip(labels, values[part], strict=True))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.csv")
        write(path, int(sys.argv[1]))
        began = time.monotonic()
        command = [sys.executable, "-m", "data_pipelines", "dataset=csv", f"dataset.path={path}", "dataset.target=v"]
        subprocess.run([*command, f"out={folder}/built", *sys.argv[2:]], check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{time.monotonic() - began:.0f} s ({used.ru_utime:.0f} s of a processor), {used.ru_maxrss / 2**20:.2f} GiB"
        )


if __name__ == "__main__":
    main()
