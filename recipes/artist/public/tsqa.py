"""Time-MQA's TSQA (Kong et al., 2025): its questions of choice, and true or false, about one short series.

A CSV with ``QA_list``, a fragment of JSON (``"question": ..., "answer": ...``) whose question holds the series in
brackets and its options, ``question_format`` and ``application_domain``. There are no official parts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from recipes.artist.public.cells import (
    TRUE_OR_FALSE,
    NotAsked,
    right_letter,
    split_options,
    split_series,
    text_of,
    true_or_false,
)
from recipes.artist.public.reader import RowReader
from recipes.artist.question import Question
from src.errors import DataError


class Tsqa(RowReader):
    """Choices and judgements; open questions and forecasts are not asked."""

    def question(self, row: Mapping[str, Any], random: np.random.Generator) -> Question:
        """The question of a row."""
        kind = text_of(row, "question_format").lower().replace(" ", "_").replace("-", "_")
        if "choice" not in kind and "true" not in kind:
            raise NotAsked(kind)
        asked, answer = _asked(text_of(row, "QA_list"))
        asked, series = split_series(asked)
        domain = str(row.get("application_domain") or "").strip()
        about = f"The series is from the domain {domain}." if domain else ""
        if "choice" not in kind:
            return Question(series, asked, TRUE_OR_FALSE, true_or_false(answer), "true_or_false", about=about)
        asked, options = split_options(asked)
        return Question(series, asked, options, right_letter(answer, options), "multiple_choice", about=about)


def _asked(fragment: str) -> tuple[str, str]:
    """Question and answer."""
    try:
        found = json.loads(fragment if fragment.startswith(("{", "[")) else f"{{{fragment}}}", strict=False)
    except ValueError:
        raise DataError("its QA_list is no JSON") from None
    found = found[0] if isinstance(found, list) and len(found) == 1 else found
    if not isinstance(found, dict):
        raise DataError("its QA_list is not one question and its answer")
    return text_of(found, "question"), text_of(found, "answer")
