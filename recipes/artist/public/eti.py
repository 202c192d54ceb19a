"""Etiological reasoning: which scenario could have made this series (Merrill et al., 2024)?

Lines of JSON with ``series``, ``options`` and the right one in ``label``, or in ``description`` as the authors write
it. They put the right one first, so options are shuffled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recipes.artist.public.cells import lettered, right_letter, series_of, text_of
from recipes.artist.public.reader import RowReader
from recipes.artist.question import Question

_ASKED = "Which of these scenarios could have generated the time series?"


class Eti(RowReader):
    """One of four scenarios."""

    def question(self, row: Mapping[str, Any], random: np.random.Generator) -> Question:
        """The question of a row."""
        given = lettered(row.get("options"))
        right = given[right_letter(text_of(row, "label" if row.get("label") else "description"), given)]
        options = lettered([list(given.values())[place] for place in random.permutation(len(given))])
        asked = text_of(row, "question") if row.get("question") else _ASKED
        return Question(series_of(row.get("series")), asked, options, right_letter(right, options), "scenario")
