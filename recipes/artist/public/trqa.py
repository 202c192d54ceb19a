"""TSAQA's questions about the character of one series (Jing et al., 2026), which the paper calls TRQA.

Parquet files with ``task``, ``question_type`` (``multiple_choices``, ``true_or_false``), ``question``, which holds its
options, ``answer`` (a letter, ``T`` or ``F``), ``raw_ts`` (JSON text) and ``domain``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from recipes.artist.public.cells import (
    TRUE_OR_FALSE,
    NotAsked,
    right_letter,
    series_of,
    split_options,
    text_of,
    true_or_false,
)
from recipes.artist.public.reader import RowReader
from recipes.artist.public.settings import PublicSettings
from recipes.artist.question import Question
from src.errors import DataError

_SERIES = ("raw_ts", "input_ts")


@dataclass
class TrqaSettings(PublicSettings):
    """Published questions, and the tasks of the benchmark that are asked."""

    tasks: list[str] = field(default_factory=lambda: ["characterization"])


class Trqa(RowReader):
    """Choices and judgements; puzzles of order are not asked."""

    settings_type: ClassVar = TrqaSettings
    settings: TrqaSettings

    def question(self, row: Mapping[str, Any], random: np.random.Generator) -> Question:
        """The question of a row."""
        if (task := text_of(row, "task").lower()) not in self.settings.tasks:
            raise NotAsked(task)
        kind, asked, answer = (text_of(row, key) for key in ("question_type", "question", "answer"))
        given = next((row[key] for key in _SERIES if row.get(key) is not None), None)
        if given is None:
            raise DataError(f"there is no {' or '.join(_SERIES)}")
        series = series_of(given)
        domain = str(row.get("domain") or "").strip()
        about = f"The series is from the domain {domain}." if domain else ""
        if kind == "true_or_false":
            return Question(series, asked, TRUE_OR_FALSE, true_or_false(answer), kind, about=about)
        if kind == "multiple_choices":
            asked, options = split_options(asked)
            return Question(series, asked, options, right_letter(answer, options), kind, about=about)
        raise NotAsked(kind)
