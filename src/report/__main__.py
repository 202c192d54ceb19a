"""`python -m src.report FOLDER`: write the `report.html` of a run, or of a sweep, and print its path."""

import argparse
import sys
from pathlib import Path

from src.errors import UserError
from src.report.page import write_report
from src.sweeps.record import is_sweep


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code, 2 for a mistake that the user can fix."""
    parser = argparse.ArgumentParser(prog="python -m src.report", description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="outputs/<recipe>/<run>, or outputs/sweeps/<sweep>"
    )
    parser.add_argument("--metric", help="what a sweep's settings are compared by, such as 'val/*/mse'")
    given = parser.parse_args(arguments)
    try:
        print(_write(given.folder, given.metric))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _write(folder: Path, metric: str | None) -> Path:
    if is_sweep(folder):
        from src.report.sweep_page import write_sweep_report

        return write_sweep_report(folder, metric)
    if metric is not None:
        raise UserError(f"{folder} is not a sweep: --metric chooses what a sweep's settings are compared by")
    return write_report(folder)


if __name__ == "__main__":
    sys.exit(main())
