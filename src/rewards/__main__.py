import sys

from src.output import reader_may_leave
from src.rewards.cli import main

if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
