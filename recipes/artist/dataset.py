"""ARTIST's rows and traces over any source of questions: what is built. How they are answered, ``task`` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import MISSING

from data_pipelines.download import sha256_of
from data_pipelines.typed import read_typed
from recipes.artist.prompt import controller_prompt
from recipes.artist.question import Floats, Question, as_row
from recipes.artist.source import Source
from recipes.artist.traces import TraceSettings, one_turn
from recipes.artist.views import ViewSettings
from src.config.named import load_class
from src.errors import ConfigError
from src.tasks.build import RL_SPLITS, read_traces, traces_file
from src.tasks.fingerprint import digest
from src.tasks.lazy import Lazy
from src.tasks.row import Row, Trace
from src.tasks.task import Log, Task

HELD_OUT = "-held-out"  # behind the source of rows whose kind of question is never trained


@dataclass
class ArtistSettings:
    """The keys of a dataset beside those of its reader.

    Args:
        task: the dotted path of the task.
        reader: the dotted path of a ``Source``.
        view: what the model sees of a series.
        traces: what the SFT stage imitates.
    """

    name: str = MISSING
    title: str = MISSING
    task: str = MISSING
    reader: str = MISSING
    seed: int = 0
    view: ViewSettings = field(default_factory=ViewSettings)
    traces: TraceSettings = field(default_factory=TraceSettings)


class Questions(Task):
    """Rows that name their series by number, and single turns of a teacher's sessions."""

    kind = "artist"
    settings_type: type[ArtistSettings] = ArtistSettings

    def __init__(self, settings: Mapping[str, Any], *, download: bool = False, log: Log = print) -> None:
        super().__init__(settings, download=download, log=log)
        own = {one.name for one in fields(self.settings_type)}
        self.typed = read_typed({key: value for key, value in settings.items() if key in own}, self.settings_type)
        reader = load_class(self.typed.reader, Source, key="dataset.reader")
        others = {key: value for key, value in settings.items() if key not in own}
        self.source: Source = reader(
            self.typed.name,
            read_typed(others, reader.settings_type),
            view=self.typed.view,
            seed=self.typed.seed,
            fetch=download,
            log=log,
        )

    def find(self) -> None:
        """The reader's files, and ready-made traces."""
        self.source.find()
        if self.typed.traces.file is not None:
            traces_file(self.typed.traces.file)

    @cached_property
    def fingerprint(self) -> str:
        """A hash over settings, the reader's data, ready-made traces and the recipe's code."""
        content = asdict(self.typed)
        del content["traces"]["file"]
        content.pop("session", None)  # how questions are answered does not change them
        data = [self.source.digest]
        if self.typed.traces.file is not None:
            data.append(sha256_of(traces_file(self.typed.traces.file)))
        return digest(content, sorted(Path(__file__).parent.glob("*.py")), data)

    def rows(self, split: str) -> Sequence[Row]:
        """The questions of a split, with the controller's first prompt; the held-out kinds come last in ``test``."""
        asked = self._questions(split)
        begin = sum(
            len(self._questions(one)) for one in ("train", "val", "test")[: ("train", "val", "test").index(split)]
        )
        trained = len(self.source.parts[split])

        def make(index: int) -> Row:
            question = asked[index]
            messages, images = controller_prompt(question, [], None, self.typed.view)
            source = self.name + HELD_OUT * (index >= trained)
            row = as_row(question, begin + index, source=source, split=split, index=index, messages=messages)
            return Row(row.source, row.task, split, index, messages, row.truth, row.info, images)

        return Lazy(len(asked), make, source=self.name if trained == len(asked) else None)

    def series(self) -> Sequence[Floats]:
        """The series of all splits, in the order of the rows."""
        asked = [self._questions(split) for split in RL_SPLITS]
        ends = np.cumsum([len(some) for some in asked])

        def make(number: int) -> Floats:
            part = int(np.searchsorted(ends, number, side="right"))
            return asked[part][number - int(ends[part])].series

        return Lazy(int(ends[-1]), make)

    @property
    def has_traces(self) -> bool:
        """Where the reader's teacher knows the evidence, or a file is given."""
        return self.source.form is not None or self.typed.traces.file is not None

    def traces(self, split: str) -> Sequence[Trace]:
        """Turns of a teacher's sessions in either role, or, for ``sft``, what a chat model wrote into a file.

        Raises:
            ConfigError: there is neither.
        """
        settings, view, form = self.typed.traces, self.typed.view, self.source.form
        if settings.file is not None and (split == "sft" or form is None):
            return read_traces(traces_file(settings.file))
        if form is None:
            raise ConfigError(
                f"dataset {self.name} has no teacher: give dataset.traces.file, or leave sft out of stages="
            )
        asked = self.source.parts[split]

        def make(index: int) -> Trace:
            question, random = asked[index], np.random.default_rng([self.typed.seed, 11, split == "sft", index])
            turn = one_turn(question, form, settings, view, random)
            row = as_row(question, -1, source=self.name, split=split, index=index, messages=turn.messages)
            info = {**row.info, "role": turn.role, "round": turn.round}
            row = Row(row.source, row.task, split, index, turn.messages, row.truth, info, turn.images)
            return Trace(row, turn.answer)

        return Lazy(len(asked), make)

    def about(self) -> Mapping[str, Any]:
        """What the reader says of its questions; a build is refused where a shortcut leads to the answers."""
        return {"dataset": self.name, **self.source.about()}

    def _questions(self, split: str) -> Sequence[Question]:
        parts = self.source.parts
        held_out = parts.get("test_held_out", ()) if split == "test" else ()
        own, count = parts[split], len(parts[split])
        if not len(held_out):
            return own
        return Lazy(count + len(held_out), lambda index: own[index] if index < count else held_out[index - count])
