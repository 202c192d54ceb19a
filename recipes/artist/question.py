"""A question about one long series, and where it stands in a row's columns. The series itself stands in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import DataError
from src.tasks.row import Message, Row

Floats = NDArray[np.float64]
Interval = tuple[int, int]  # half-open: the first step, and the one behind the last

LEAST_STEPS = 8  # of a segment: shorter ones are widened, and a shorter series has none


@dataclass(frozen=True)
class Question:
    """What a session is about. What cannot be asked is refused where an object is made.

    Args:
        series: (H,) values, all of them finite.
        text: the question, without its options.
        options: letter -> text, in the order in which they are shown.
        truth: the letter of the right one.
        kind: metrics are given for each.
        needed: how many segments an answer needs; 0: unknown.
        evidence: the intervals that decide, ``needed`` of them; empty: unknown.
        about: what else is known of the series (unit, rate), in a sentence.

    Raises:
        DataError: it says what is wrong with the question.
    """

    series: Floats
    text: str
    options: Mapping[str, str]
    truth: str
    kind: str = ""
    needed: int = 0
    evidence: Sequence[Interval] = ()
    about: str = ""

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem is not None:
            raise DataError(f"question '{self.text[:60]}': {problem}")

    def _problem(self) -> str | None:
        if self.series.ndim != 1 or self.series.dtype != np.float64:
            return f"its series is {self.series.dtype} of shape {self.series.shape}: give one channel of float64"
        length = len(self.series)
        if length < LEAST_STEPS:
            return f"its series has {length} steps, fewer than a segment: leave series below {LEAST_STEPS} steps out"
        if not np.isfinite(self.series).all():
            first = int(np.flatnonzero(~np.isfinite(self.series))[0])
            return f"step {first} of its series is {self.series[first]}: fill the gap, or leave the series out"
        if len(self.options) < 2:
            return f"it has {len(self.options)} options: give at least two"
        if wrong := [name for name in self.options if not (len(name) == 1 and "A" <= name <= "Z")]:
            return f"its option is named '{wrong[0]}': name options by one capital letter"
        if self.truth not in self.options:
            return f"its label '{self.truth}' is none of its options ({', '.join(self.options)}): correct the label"
        if outside := [(s, e) for s, e in self.evidence if not 0 <= s < e <= length]:
            s, e = outside[0]
            return f"its evidence [{s}, {e}) is no interval of its {length} steps: correct it"
        return None

    @property
    def length(self) -> int:
        """Steps of the series."""
        return len(self.series)


def as_row(question: Question, number: int, *, source: str, split: str, index: int, messages: Sequence[Message]) -> Row:
    """A row of the built files.

    Args:
        number: of the series in the store beside them.
        messages: a prompt of the session, by which the row's length is judged.
    """
    info = {
        "question": question.text,
        "options": dict(question.options),
        "kind": question.kind,
        "needed": question.needed,
        "evidence": [list(one) for one in question.evidence],
        "length": question.length,
        "about": question.about,
        "series": number,
    }
    return Row(source, question.kind, split, index, messages, question.truth, info)


def of_row(row: Row, stored: Sequence[Any]) -> Question:
    """The question of a row.

    Args:
        stored: the series by their number: the store beside the file, or the task's own.
    """
    info = row.info
    return Question(
        series=np.asarray(stored[info["series"]], dtype=np.float64),
        text=info["question"],
        options=info["options"],
        truth=row.truth,
        kind=info["kind"],
        needed=info["needed"],
        evidence=tuple((int(start), int(end)) for start, end in info["evidence"]),
        about=info["about"],
    )
