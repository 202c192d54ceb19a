"""What the readers of published questions share: files, their rows, and what is left out of them."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data_pipelines.download import download, how_to_get
from data_pipelines.labelled.fetch import unpack
from data_pipelines.labelled.series import SPLITS
from data_pipelines.locate import search
from recipes.artist.public.cells import NotAsked
from recipes.artist.public.files import rows_of
from recipes.artist.public.parts import arranged, balance
from recipes.artist.public.settings import PublicSettings
from recipes.artist.question import Question
from recipes.artist.source import Source
from src.errors import DataError
from src.tasks.fingerprint import digest

_DEEPEST = 3  # folders below the one that is named
_SHOWN = 3  # malformed rows that are named


class Reader(Source):
    """The questions of one published dataset; what is left out, cut off and repeated is said."""

    settings_type: ClassVar[type[PublicSettings]] = PublicSettings
    settings: PublicSettings

    def __init__(self, name: str, settings: PublicSettings, **given: Any) -> None:
        super().__init__(name, settings, **given)
        settings.check()
        self.left_out: Counter[str] = Counter()

    @abstractmethod
    def published(self) -> Mapping[str, Sequence[Question]]:
        """The parts as they are published: ``train``, and ``val`` and ``test`` where they are official.

        Raises:
            DataError: files are missing or cannot be read.
        """

    @property
    def folder(self) -> Path:
        """Where the files lie, or some folders below."""
        return Path(self.settings.folder).expanduser() if self.settings.folder else Path("data") / self.name

    def find(self) -> None:
        """Look for the files without reading or fetching them.

        Raises:
            DataError: with how to get them.
        """
        if not (self.fetch and self.settings.urls):
            for name in self.settings.files.values():
                self.file(name)

    def file(self, name: str) -> Path:
        """A file or folder of the dataset, downloaded with all others where that is allowed; ``name`` may hold ``*``.

        Raises:
            DataError: it is not there; with how to get it.
        """
        found = search(self.folder, name, _DEEPEST)
        if found is None and self.fetch and self.settings.urls:
            self._download()
            found = search(self.folder, name, _DEEPEST)
        if found is None:
            by_hand = f"; {self.settings.by_hand}" if self.settings.by_hand else ""
            source = self.settings.source if self.settings.urls else None
            raise DataError(f"{name} is not in {self.folder} (nor three folders deeper): {how_to_get(source)}{by_hand}")
        return found

    def _download(self) -> None:
        known = self.settings
        for name, url in known.urls.items():
            sums = known.sha256.get(name)
            path = self.folder / name
            download(url, path, sha256=sums, source=known.source, licence=known.licence, log=self.log)
            unpack(path, self.folder)

    @cached_property
    def parts(self) -> dict[str, list[Question]]:
        """The questions of ``train`` (shuffled, or balanced), ``val`` and ``test``.

        Raises:
            DataError: as ``published``, or a part is too small to be cut.
        """
        return arranged(self.published(), self.settings, self.seed, self.name, self.log)

    @cached_property
    def digest(self) -> str:
        """Over settings, the code of the readers and all questions."""
        checksum = hashlib.sha256()
        for split, some in self.parts.items():
            for one in some:
                checksum.update(f"{split}{(one.text, dict(one.options), one.truth, one.kind, one.about)}".encode())
                checksum.update(one.series.astype("<f8").tobytes())
        code = sorted(Path(__file__).parent.glob("*.py"))
        return digest({**self.settings.content(), "seed": self.seed}, code, [checksum.hexdigest()])

    def about(self) -> dict[str, Any]:
        """Source and licence, what is left out, and how often which answer is right; says the last."""
        counts = balance(self.parts)
        for split, of in counts.items():
            self.log(f"dataset {self.name}, {split}: " + ", ".join(f"{name} {count}" for name, count in of.items()))
        lengths = [one.length for some in self.parts.values() for one in some]
        return {
            "source": self.settings.source,
            "licence": self.settings.licence,
            "data": {
                "answers": counts,
                "balanced": self.settings.balanced,
                "left_out": dict(self.left_out),
                "length": [min(lengths), max(lengths)],
            },
        }


class RowReader(Reader):
    """The questions of tables, one a row."""

    @abstractmethod
    def question(self, row: Mapping[str, Any], random: np.random.Generator) -> Question:
        """The question of a row.

        Args:
            random: the row's own.

        Raises:
            NotAsked: it is of another kind, which is counted.
            DataError: it is malformed.
        """

    def published(self) -> Mapping[str, Sequence[Question]]:
        """The parts that ``dataset.files`` names."""
        files = {split: name for split, name in self.settings.files.items() if split in SPLITS}
        return {split: self.questions(self.file(name), SPLITS.index(split)) for split, name in files.items()}

    def questions(self, path: Path, stream: int = 0, of: Sequence[int] | None = None) -> list[Question]:
        """The questions of one file; what is left out is said and counted.

        Args:
            stream: random numbers differ from stream to stream.
            of: the places of rows to take; None: all.

        Raises:
            DataError: a row is malformed that may not be left out, or none is left.
        """
        found: list[Question] = []
        other: Counter[str] = Counter()
        malformed: list[str] = []
        wanted = None if of is None else set(of)
        for number, (place, row) in enumerate(rows_of(path)):
            if wanted is not None and number not in wanted:
                continue
            try:
                found.append(self.question(row, np.random.default_rng([self.seed, stream, number])))
            except NotAsked as kind:
                other[str(kind)] += 1
            except DataError as error:
                malformed.append(f"{place}: {error}")
                if self.settings.malformed == "refuse":
                    raise DataError(
                        f"{path}, {malformed[0]}; dataset.malformed=leave_out counts such rows instead"
                    ) from None
        total = len(found) + len(malformed) + other.total()
        what = f"dataset {self.name}, {path.name}: of {total} rows"
        if other:
            kinds = ", ".join(f"{count} {kind}" for kind, count in other.most_common())
            self.log(f"{what} {other.total()} are not asked ({kinds})")
        if malformed:
            self.log(f"{what} {len(malformed)} are malformed and left out, such as {'; '.join(malformed[:_SHOWN])}")
        self.left_out.update({f"{path.name}, {kind}": count for kind, count in other.items()})
        self.left_out.update({f"{path.name}, malformed": len(malformed)} if malformed else {})
        if not found:
            raise DataError(f"{path} holds no question that can be asked: get the file again")
        return found
