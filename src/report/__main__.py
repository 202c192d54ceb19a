"""`python -m src.report RUN_FOLDER`: write the run's `report.html` and print its path."""

import argparse
import sys
from pathlib import Path

from src.errors import UserError
from src.report.page import write_report


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code, 2 for a mistake that the user can fix."""
    parser = argparse.ArgumentParser(prog="python -m src.report", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run, such as outputs/time_r1/<run>")
    folder = parser.parse_args(arguments).run
    try:
        print(write_report(folder))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
