"""Stages of sleep from 30 seconds of EEG (Sleep-EDF), as OpenTSLM publishes them.

``sleep_cot.csv`` with ``time_series`` (``[[...]]``) and ``label``. OpenTSLM publishes no parts but the code that draws
them, scikit-learn's stratified split with its seeds: it is drawn alike here. People are in several parts: the file does
not tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recipes.artist.public.cells import NotAsked, series_of, text_of
from recipes.artist.public.files import rows_of
from recipes.artist.public.reader import RowReader
from recipes.artist.question import Question
from src.errors import DataError
from src.tasks.choice.answer import letters

STAGES = ("Wake", "Non-REM stage 1", "Non-REM stage 2", "Non-REM stage 3", "REM sleep", "Movement")
OPTIONS = dict(zip(letters(len(STAGES)), STAGES, strict=True))
# Stage 4 of the older rules is stage 3 of the newer ones.
_SHORT = {"W": "A", "N1": "B", "N2": "C", "N3": "D", "N4": "D", "REM": "E", "R": "E", "M": "F"}
_LETTER = {**{stage.casefold(): letter for letter, stage in OPTIONS.items()}, "non-rem stage 4": "D"} | {
    short.casefold(): letter for short, letter in _SHORT.items()
}
_UNKNOWN = ("unknown", "?")
_ASKED = "Which stage of sleep do these 30 seconds of an electroencephalogram show?"
_SHARE, _SEED = 0.1, 42  # of OpenTSLM's loader: the test part, then validation of the same size with the next seed


class SleepQa(RowReader):
    """One of six stages."""

    def published(self) -> Mapping[str, Sequence[Question]]:
        """OpenTSLM's three parts."""
        from sklearn.model_selection import train_test_split

        path = self.file(self.settings.files["train"])
        labels = np.array([str(row.get("label")) for _, row in rows_of(path)])
        try:
            rest, test = train_test_split(np.arange(len(labels)), test_size=_SHARE, random_state=_SEED, stratify=labels)
            train, val = train_test_split(
                rest, test_size=_SHARE / (1 - _SHARE), random_state=_SEED + 1, stratify=labels[rest]
            )
        except ValueError as error:
            raise DataError(f"{path} cannot be split as OpenTSLM does ({error}): get the file again") from None
        return {split: self.questions(path, 0, of) for split, of in (("train", train), ("val", val), ("test", test))}

    def question(self, row: Mapping[str, Any], random: np.random.Generator) -> Question:
        """The question of a row."""
        label = text_of(row, "label")
        if label.casefold() in _UNKNOWN:
            raise NotAsked("of unknown stage")
        if label.casefold() not in _LETTER:
            raise DataError(f"its label '{label}' is none of {', '.join(STAGES)}")
        series = series_of(row.get("time_series"))
        about = f"30 seconds of one EEG channel in {len(series)} steps."
        return Question(series, _ASKED, OPTIONS, _LETTER[label.casefold()], "stage", about=about)
