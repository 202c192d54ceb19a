"""ECG-QA's questions about one electrocardiogram that are answered by yes or no, as OpenTSLM publishes them.

``ecg_qa_cot_train.csv``, ``_val`` and ``_test`` with ``ecg_id`` (``[123]``), ``question``, ``answer``,
``question_type`` and ``clinical_context``; the recordings are PTB-XL's at 100 Hz, as WFDB records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data_pipelines.labelled.records import recording
from recipes.artist.public.cells import NotAsked, right_letter, text_of
from recipes.artist.public.reader import RowReader
from recipes.artist.public.settings import PublicSettings
from recipes.artist.question import Floats, Question
from src.errors import DataError

OPTIONS = {"A": "yes", "B": "no"}
_ASKED = "single-verify"
_IN_FOLDER = 1000  # PTB-XL's recordings of one folder


@dataclass
class EcgSettings(PublicSettings):
    """Published questions, and the lead of 12 that is shown."""

    lead: str = "II"


class EcgQa(RowReader):
    """One lead of ten seconds."""

    settings_type: ClassVar = EcgSettings
    settings: EcgSettings

    def __init__(self, name: str, settings: EcgSettings, **given: Any) -> None:
        super().__init__(name, settings, **given)
        self._leads: dict[int, tuple[Floats, str]] = {}

    def question(self, row: Mapping[str, Any], random: np.random.Generator) -> Question:
        """The question of a row."""
        if (kind := text_of(row, "question_type")) != _ASKED:
            raise NotAsked(kind)
        if (answer := text_of(row, "answer").lower()) == "not sure":
            raise NotAsked("answered 'not sure'")
        asked = text_of(row, "question")
        series, rate = self._lead(text_of(row, "ecg_id"))
        about = f"Lead {self.settings.lead} of an electrocardiogram in mV{rate}."
        context = str(row.get("clinical_context") or "").strip()
        truth = right_letter(answer, OPTIONS)
        return Question(series, asked, OPTIONS, truth, "verify", about=f"{about} {context}".strip())

    def _lead(self, written: str) -> tuple[Floats, str]:
        """One lead of a recording, and its rate in words."""
        try:
            number = int(written.strip("[] "))
        except ValueError:
            raise DataError(f"its ecg_id '{written}' is no number") from None
        if number not in self._leads:
            values, names, rate = recording(self._record(number))
            if self.settings.lead not in names:
                raise DataError(f"dataset.lead is '{self.settings.lead}': set it to one of {', '.join(names)}")
            words = f", {rate:g} steps a second" if rate else ""
            self._leads[number] = values[names.index(self.settings.lead)], words
        return self._leads[number]

    def _record(self, number: int) -> Path:
        root = self.file(self.settings.files["records"])
        return root / f"{number // _IN_FOLDER * _IN_FOLDER:05d}" / f"{number:05d}_lr"
