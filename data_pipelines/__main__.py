"""Build a dataset, and show its pictures: ``python -m data_pipelines dataset=etth1 dataset.folder=DIR out=DIR``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from data_pipelines.cli import parse
from data_pipelines.preview import write_preview
from src.config.compose import options
from src.errors import ConfigError, UserError
from src.output import reader_may_leave
from src.tasks.build import build
from src.tasks.task import load_task

USAGE = (
    "python -m data_pipelines dataset=NAME [dataset.folder=DIR] [dataset.KEY=VALUE] out=DIR [download=true] "
    "[preview=ROWS]"
)


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status (2 after a message about what the user can correct)."""
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: {USAGE}\ndatasets: {', '.join(options('dataset'))} (keys: conf/dataset/NAME.yaml)")
        return 0 if argv else 2
    try:
        cfg, given = parse(argv, {"out": ..., "download": False, "preview": 0}, USAGE)
        if given["preview"] < 0:
            raise ConfigError(f"preview={given['preview']} is no number of rows: give preview=12")
        result = build(load_task(cfg, download=given["download"]), Path(str(given["out"])).expanduser())
        sheet = write_preview(result.train, given["preview"]) if given["preview"] else None
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if sheet is not None:
        print(f"preview: {sheet}")
    print("\n".join(f"{name}: {getattr(result, name)}" for name in result.counts))
    return 0


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
