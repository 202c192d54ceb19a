"""Score a model on a dataset: ``python -m src.evaluate model=FOLDER dataset=etth1 dataset.folder=DIR``."""

import sys

from src.evaluation.cli import main
from src.output import reader_may_leave

if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
