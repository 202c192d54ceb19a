"""The class of a labelled series as a question: RCW, through the reader that all labelled archives share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from data_pipelines.labelled.locate import find, load
from data_pipelines.labelled.series import check, classes_of, named, names_of
from data_pipelines.labelled.settings import read_settings
from data_pipelines.labelled.shape import shaped
from recipes.artist.public.cells import lettered
from recipes.artist.public.reader import Reader
from recipes.artist.public.settings import PublicSettings
from recipes.artist.question import Question
from src.errors import DataError

_ASKED = "Which of these does the series show?"


@dataclass
class ArchiveSettings(PublicSettings):
    """Published questions, made from a dataset of conf/dataset that starts from ``_classify.yaml``."""

    labelled: dict[str, Any] = field(default_factory=dict)


class Classes(Reader):
    """One of the classes."""

    settings_type: ClassVar = ArchiveSettings
    settings: ArchiveSettings

    def __init__(self, name: str, settings: ArchiveSettings, **given: Any) -> None:
        super().__init__(name, settings, **given)
        folder = self.settings.folder or self.settings.labelled.get("folder")
        self.archive = read_settings({**self.settings.labelled, "folder": folder, "name": self.name, "solvers": []})

    def find(self) -> None:
        """The archive's files."""
        find(self.archive, download=self.fetch)

    def published(self) -> Mapping[str, Sequence[Question]]:
        """The archive's parts."""
        known = self.archive
        names = names_of(known.classes)
        archive, where = load(known, download=self.fetch, log=self.log)
        archive = named(archive, names, where)
        check(archive, where)
        archive = shaped(archive, known, self.log)
        if len(archive.channels) > 1:
            raise DataError(
                f"dataset {self.name} has {len(archive.channels)} channels, and a question is about one: choose it "
                f"with dataset.labelled.channels=[NAME] ({', '.join(archive.channels)})"
            )
        options = lettered(classes_of(archive, names))
        letter = {text: name for name, text in options.items()}
        rate = f"{known.rate:g} steps a second." if known.rate else ""
        about = f"{known.description or ''} {rate}".strip()
        return {
            split: [
                Question(one[0], _ASKED, options, letter[label], "class", about=about)
                for one, label in zip(part.series, part.labels, strict=True)
            ]
            for split, part in archive.parts.items()
        }
