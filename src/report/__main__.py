"""``python -m src.report FOLDER``: write the ``report.html`` of a run or a sweep, or show the run in another way.

Several runs of one recipe, such as its seeds, are printed as tables: ``python -m src.report RUN RUN RUN``.
"""

import argparse
import json
import sys
from pathlib import Path

from src.errors import UserError
from src.output import reader_may_leave
from src.record.layout import RUN_FILE
from src.record.reading import RunRecord, load_run
from src.record.sweep import is_sweep
from src.report.parts.dashboard import load_dashboard
from src.report.parts.wandb_view import save_view, specification
from src.report.run.page import write_report


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code, 2 for a mistake that the user can fix."""
    parser = argparse.ArgumentParser(prog="python -m src.report", description=__doc__)
    parser.add_argument(
        "run",
        type=Path,
        nargs="+",
        help="folder of a run or a sweep, such as outputs/time_r1/<run>; or of several runs",
    )
    parser.add_argument(
        "--as",
        dest="form",
        choices=["text", "markdown", "json"],
        help="print one or several runs as tables of this form; text is the default for several",
    )
    parser.add_argument("--live", action="store_true", help="serve a page on 127.0.0.1 that follows the run")
    parser.add_argument("--port", type=int, help="port of the live page; by default a free one")
    parser.add_argument(
        "--wandb-view",
        nargs="?",
        const="print",
        choices=["print", "save"],
        help="the same panels as a view of the run's W&B project: print its specification, or save it there",
    )
    parser.add_argument("--metric", help="what a sweep's settings are compared by, such as 'val/*/mse'")
    options = parser.parse_args(arguments)
    if options.port is not None and not options.live:
        parser.error("--port is for the live page: give --live too")
    try:
        if len(options.run) > 1 or options.form:
            if options.live or options.wandb_view or options.metric is not None:
                raise UserError("--live, --wandb-view and --metric are for one folder, and not with --as")
            _print_runs(options.run, options.form or "text")
            return 0
        (options.run,) = options.run
        sweep = is_sweep(options.run)
        if sweep and (options.live or options.wandb_view):
            raise UserError(f"{options.run} is a sweep: --live and --wandb-view are for one of its runs")
        if options.metric is not None and not sweep:
            raise UserError(f"{options.run} is not a sweep: --metric chooses what a sweep's settings are compared by")
        if sweep:
            from src.report.sweep.page import write_sweep_report

            print(write_sweep_report(options.run, options.metric))
        elif options.live:
            from src.report.live.server import serve

            serve(options.run, options.port or 0)
        elif options.wandb_view:
            _wandb_view(load_run(options.run), save=options.wandb_view == "save")
        else:
            print(write_report(options.run))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _print_runs(folders: list[Path], form: str) -> None:
    from src.report.several.overview import as_json, read_runs
    from src.report.several.table import markdown, text
    from src.report.several.tables import all_tables

    runs = read_runs(folders)
    forms = {"text": text, "markdown": markdown}
    print(forms[form](all_tables(runs)) if form in forms else as_json(runs), end="")


def _wandb_view(record: RunRecord, *, save: bool) -> None:
    if not record.metrics:
        raise UserError(f"{record.folder} has no metrics yet: a view shows what a run has recorded")
    spec = specification(load_dashboard(), record.metrics, record.trainers)
    if not save:
        print(json.dumps(spec, indent=1))
        return
    config = record.meta.get("config")
    settings = config.get("logging") if isinstance(config, dict) else None
    if not isinstance(settings, dict) or "project" not in settings:
        raise UserError(f"{record.folder / RUN_FILE} does not name a W&B project: it has no logging.project")
    address, new = save_view(spec, None, str(settings["project"]))
    print(f"{'saved' if new else 'there already'}: {address}")


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main())
