"""Score a model on a dataset: `python -m src.evaluate model=FOLDER dataset=etth1 dataset.folder=DIR`."""

import sys

from src.evaluation.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
