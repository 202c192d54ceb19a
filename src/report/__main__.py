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
    parser.add_argument("run", type=Path, help="folder of a run or a sweep, such as outputs/time_r1/<run>")
    parser.add_argument("--metric", help="what a sweep's settings are compared by, such as 'val/*/mse'")
    options = parser.parse_args(arguments)
    try:
        if is_sweep(options.run):
            from src.report.sweep_page import write_sweep_report

            print(write_sweep_report(options.run, options.metric))
        elif options.metric is not None:
            raise UserError(f"{options.run} is not a sweep: --metric chooses what a sweep's settings are compared by")
        else:
            print(write_report(options.run))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
