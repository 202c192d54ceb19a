"""Size of the report of a 2,000-step run of 150 metrics, and how long a browser takes to open it.

Run from the repository root, with Chromium installed:  python -m benchmarks.report_open
It is to open in under 2 seconds and to stay under 10 MB (the tests check the size).
"""

import importlib.util
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from src.record.layout import Layout
from src.report.run.page import write_report

STEPS, METRICS, OPENINGS = 2000, 150, 5
TESTS = Path(__file__).resolve().parents[1] / "tests" / "support"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def load(name: str) -> ModuleType:
    """Return a helper of the report's tests."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        sys.exit("install Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        run = load("synthetic").write_run(
            Path(folder) / "run", steps=STEPS, extra_metrics=110, validate_every=20, per_step=16
        )
        lines = Layout(run).metrics_file
        names = {name for line in lines.open() for name in json.loads(line)}
        started = time.perf_counter()
        report = write_report(run)
        print(f"run: {STEPS} steps, {len(names) - 3} metrics, {lines.stat().st_size / 1e6:.1f} MB")
        print(f"report: {report.stat().st_size / 1e6:.2f} MB, written in {time.perf_counter() - started:.2f} s")
        browser = load("chromium").Chromium(program, Path(folder) / "profile")
        times = []
        for _ in range(OPENINGS):
            tab = browser.open(report.as_uri())
            tab.wait(f"{LOADED} > 0 && document.querySelectorAll('path.curve').length > 0")
            times.append(tab.value(LOADED) / 1000)
            tab.close()
        browser.close()
        every = ", ".join(f"{one:.2f}" for one in times)
        print(f"opened, with the curves in view drawn, in {statistics.median(times):.2f} s (median of {every})")
    assert len(names) - 3 >= METRICS


if __name__ == "__main__":
    main()
