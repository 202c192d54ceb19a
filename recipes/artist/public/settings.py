"""The typed form of what a dataset of published questions has beside the recipe's own keys."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from data_pipelines.labelled.settings import MaxRows
from src.errors import DataError

MALFORMED = ("refuse", "leave_out")
# Where a file lies does not change what is in it, so these stay out of the fingerprint.
LOCATION_KEYS = ("folder", "urls", "sha256", "by_hand", "source", "licence")


@dataclass
class Shares:
    """What is cut off training where no official part is published."""

    val: float = 0.1
    test: float = 0.1


@dataclass
class PublicSettings:
    """conf/dataset/_artist_public.yaml says what each key means."""

    files: dict[str, str] = field(default_factory=dict)
    folder: str | None = None
    urls: dict[str, str] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    by_hand: str | None = None
    source: str = "unknown"
    licence: str = "unknown"
    malformed: str = "refuse"
    split: Shares = field(default_factory=Shares)
    max_rows: MaxRows = field(default_factory=MaxRows)
    balanced: bool = False

    def content(self) -> dict[str, Any]:
        """What decides the questions: all but the places where files lie."""
        return {key: value for key, value in asdict(self).items() if key not in LOCATION_KEYS}

    def check(self) -> None:
        """Refuse values that cannot be used.

        Raises:
            DataError: it names the key and the fix.
        """
        if self.malformed not in MALFORMED:
            raise DataError(f"dataset.malformed is '{self.malformed}': set it to {' or '.join(MALFORMED)}")
        for key, share in asdict(self.split).items():
            if not 0 < share < 1:
                raise DataError(f"dataset.split.{key} is {share}: set it to a share above 0 and below 1")
        for key, most in asdict(self.max_rows).items():
            if most is not None and most < 1:
                raise DataError(f"dataset.max_rows.{key} is {most}: set it to at least 1, or null")
