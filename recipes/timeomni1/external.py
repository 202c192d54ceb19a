"""Published test sets, for evaluation only: the paper's own, and its general-reasoning benchmarks.

    python -m src.evaluate model=FOLDER dataset=timeomni1_testbed dataset.folder=DIR

They cannot be trained on.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data_pipelines.download import download as fetch
from data_pipelines.download import how_to_get
from recipes.timeomni1 import benchmarks, official, scoring, testbed
from recipes.timeomni1.official import TwiceRead
from recipes.timeomni1.reward import compute_score
from src.errors import DataError
from src.tasks.asking import Completion
from src.tasks.choice.answer import read_body
from src.tasks.row import Row
from src.tasks.scores import Scores
from src.tasks.task import Answer, Log, Task, by_source


@dataclass
class ExternalSettings:
    """The typed form of conf/dataset/timeomni1_testbed.yaml and its like.

    Args:
        folder: where ``files`` lie.
        url: what file names are appended to.
    """

    name: str = MISSING
    title: str = MISSING
    task: str = MISSING
    folder: str | None = None
    files: list[str] = field(default_factory=list)
    url: str | None = None
    source: str = "unknown"
    licence: str = "unknown"
    seed: int = 0


class External(Task):
    """Questions of published files: letters, or the paper's forecasts."""

    kind = "timeomni1"

    def __init__(self, settings: Mapping[str, Any], *, download: bool = False, log: Log = print) -> None:
        super().__init__(settings, download=download, log=log)
        try:
            merged = OmegaConf.merge(OmegaConf.structured(ExternalSettings), settings)
            self.typed: Any = OmegaConf.to_object(merged)
        except OmegaConfBaseException as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"the dataset settings cannot be used ({reason}): correct them") from None

    @abstractmethod
    def questions(self, path: Path) -> Sequence[Row]:
        """The rows of one file.

        Raises:
            DataError: it names the file, the question and what is missing.
        """

    @cached_property
    def paths(self) -> list[Path]:
        """The files in ``folder`` (by default data/<name>), fetched when that is allowed.

        Raises:
            DataError: it says how to get them.
        """
        known = self.typed
        folder = Path(known.folder).expanduser() if known.folder else Path("data") / known.name
        found = []
        for name in known.files:
            path = folder / name
            if not path.is_file():
                if not self.download or known.url is None:
                    raise DataError(f"{path} is not there: {how_to_get(known.url)}")
                url = f"{known.url}/{name}"
                fetch(url, path, sha256=None, source=known.source, licence=known.licence, log=self.log)
            found.append(path)
        return found

    def find(self) -> None:
        """The published files."""
        if not (self.download and self.typed.url):
            _ = self.paths

    @cached_property
    def fingerprint(self) -> str:
        """A hash over the files' contents."""
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in self.paths)).hexdigest()

    def rows(self, split: str) -> list[Row]:
        """The questions, which are all for testing."""
        if split != "test":
            raise DataError(
                f"dataset {self.name} holds test questions only, no {split}: "
                f"use python -m src.evaluate model=FOLDER dataset={self.name}"
            )
        rows = [row for path in self.paths for row in self.questions(path)]
        if not rows:
            raise DataError(f"{', '.join(map(str, self.paths))} holds no questions: get the files again")
        return [replace(row, index=index) for index, row in enumerate(rows)]

    def read(self, row: Row, response: str) -> Answer:
        """The letter or the values in a response."""
        return scoring.read(row, response)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The recipe's own."""
        return compute_score(row.source, response, row.truth, row.info)

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """As the generated questions are scored."""
        return scoring.score(rows, answers, seed)


class Testbed(External):
    """The paper's public test set, scored by the recipe's grammar and as the published scorer does."""

    __test__ = False  # no class of tests, whatever pytest thinks of its name

    def read(self, row: Row, response: str) -> Answer:
        """The letter or the values, as either reads them."""
        found = super().read(row, response)
        return TwiceRead(found.value, found.problem, found.well_formed, official.read(row, response))

    def taken(self, row: Row, completion: Completion) -> Answer:
        """Likewise; the published scorer reads what was written of an answer that was cut off, too."""
        found = super().taken(row, completion)
        return TwiceRead(found.value, found.problem, found.well_formed, official.read(row, completion.text))

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """As the generated questions are scored, and the published scorer's figures beside."""
        scores = super().score(rows, answers, seed)
        beside = {source: official.metrics(*some, seed) for source, some in by_source(rows, answers).items()}
        groups = {
            source: replace(group, metrics={**group.metrics, **beside[source]})
            for source, group in scores.groups.items()
        }
        return replace(scores, groups=groups)

    def questions(self, path: Path) -> list[Row]:
        """Rows in and out of distribution, as the file's name says."""
        return testbed.read(path)


class Gpqa(External):
    """GPQA Diamond (Rein et al., 2023)."""

    def questions(self, path: Path) -> list[Row]:
        """Rows whose options are permuted with the seed."""
        return benchmarks.read_gpqa(path, self.typed.seed)


class Reclor(External):
    """ReClor (Yu et al., 2020)."""

    def questions(self, path: Path) -> list[Row]:
        """Rows with the options in their order."""
        return benchmarks.read_reclor(path)


class Drop(External):
    """DROP (Dua et al., 2019): answers are numbers, dates or words of the passage."""

    kind = "spans"

    def questions(self, path: Path) -> list[Row]:
        """Rows whose truth is the list of all published answers."""
        return benchmarks.read_drop(path)

    def read(self, row: Row, response: str) -> Answer:
        """The text of the answer section."""
        body = read_body(response)
        return Answer(body.text or None, None if body.text else "there is no answer", body.well_formed)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The token F1, the best over all published answers."""
        _, f1 = benchmarks.best_match(self.read(row, response).value, row.truth)
        return {"score": f1, "f1": f1}

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """Exact match and token F1."""
        return benchmarks.score_spans(rows, answers, seed)
