"""`python -m src.report RUN`: write the run's `report.html` and print its path, or show the run in another way."""

import argparse
import sys
from pathlib import Path

from src.errors import UserError
from src.report.page import write_report


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code, 2 for a mistake that the user can fix."""
    parser = argparse.ArgumentParser(prog="python -m src.report", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run, such as outputs/time_r1/<run>")
    parser.add_argument("--live", action="store_true", help="serve a page on 127.0.0.1 that follows the run")
    parser.add_argument("--port", type=int, help="port of the live page; by default a free one")
    options = parser.parse_args(arguments)
    if options.port is not None and not options.live:
        parser.error("--port is for the live page: give --live too")
    try:
        if options.live:
            from src.report.live import serve

            serve(options.run, options.port or 0)
        else:
            print(write_report(options.run))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
