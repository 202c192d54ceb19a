"""What the generators share: random numbers, options and their letters, and the wording of a rationale's steps."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Steps = Mapping[str, tuple[str, ...]]

LETTERS = "ABCDEFGH"
# Names of a table's rows in the size ``short``, right before the row's first digit: a small model finds what stands
# directly behind a token long before it finds what stands two behind it, as in ``5:4``.
ROWS = "abcdefghij"
# Share of paper-size rationales that start from a wrong thought and correct it.
SLIPS = 0.10


def random_numbers(seed: int, task: str) -> Generator:
    """The source of one draw: the same in every process, and unrelated between tasks of the same seed."""
    return np.random.default_rng([seed, zlib.crc32(task.encode())])


def uniform(rng: Generator, interval: tuple[float, float]) -> float:
    """One value from [low, high)."""
    return float(rng.uniform(*interval))


def integer(rng: Generator, interval: tuple[int, int]) -> int:
    """One whole number from low to high, both included."""
    return int(rng.integers(interval[0], interval[1] + 1))


def list_options(options: Sequence[str]) -> str:
    """The block of options that ends a question, one letter a line."""
    return "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False))


def read_options(question: str) -> dict[str, str]:
    """Letter to text, as ``list_options`` wrote them."""
    return dict(re.findall(r"^([A-H])\. (.+)$", question, flags=re.MULTILINE))


def bracketed(values: Sequence[float] | Floats, decimals: int) -> str:
    """``[1.20,3.41]``; no space after the comma, which saves one token a value."""
    return "[" + ",".join(f"{value:.{decimals}f}" for value in values) + "]"


def fixed(value: float, decimals: int = 2) -> str:
    """A decimal without the sign that rounding leaves on a zero."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}"


def numbers(text: str) -> Floats:
    """All plain decimals of a text, in order."""
    return np.array([float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)])


def say(rng: Generator, phrasings: Sequence[str], **values: str) -> str:
    """One of the phrasings, filled in."""
    return phrasings[int(rng.integers(len(phrasings)))].format(**values)
