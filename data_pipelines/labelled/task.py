"""Classifying real series: a task over a labelled archive, with a plain prompt and a plot of each series.

A paper's recipe derives from ``Classify`` and brings its own prompt, traces and reward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from data_pipelines.labelled import prompt
from data_pipelines.labelled.locate import find, load
from data_pipelines.labelled.sample import LabelledSample
from data_pipelines.labelled.series import SPLITS, Archive, Labelled, balance, check, classes_of, named, names_of
from data_pipelines.labelled.settings import LabelledSettings, read_settings
from data_pipelines.labelled.shape import lengths_of, shaped
from data_pipelines.labelled.solvers import solve
from data_pipelines.labelled.splits import balanced, limited, with_all_splits
from src.tasks import lazy, plots
from src.tasks.classify.task import ClassifyTask
from src.tasks.fingerprint import digest, sources
from src.tasks.lazy import Lazy
from src.tasks.plots import draw
from src.tasks.row import Row
from src.tasks.task import Log

_KEPT = 64  # pictures, so that a row that is asked for several times is drawn once


class Classify(ClassifyTask):
    """The series of a dataset of conf/dataset that starts from ``_classify.yaml``."""

    # A recipe with settings of its own derives them from LabelledSettings.
    settings_type: ClassVar[type[LabelledSettings]] = LabelledSettings
    # What makes rows and traces, beside the classes' own modules and this package; a recipe names its own.
    code: ClassVar[Sequence[ModuleType]] = ()
    words: ClassVar[Mapping[str, str]] = {"show": "show", "image": "image"}

    def __init__(self, settings: Mapping[str, Any], *, download: bool = False, log: Log = print) -> None:
        super().__init__(settings, download=download, log=log)
        self.typed = read_settings(settings, self.settings_type)
        self._picture = lru_cache(_KEPT)(self._drawn)

    def find(self) -> None:
        """The archive's files."""
        find(self.typed, download=self.download)

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """What the plot is worth; the solvers have been asked by then."""
        changed: dict[str, dict[str, Any]] = {}
        if self.typed.show != "numbers":
            changed = {"blind": {"image": "blank"}, "other_image": {"image": "other"}, "numbers": {"show": "numbers"}}
        return {name: {**change, "solvers": []} for name, change in changed.items()}

    def prompt(self, one: LabelledSample) -> str:
        """The question; ``<image>`` stands where the plot does, if there is one."""
        options = self.typed
        return prompt.render(
            one,
            title=options.title,
            description=options.description,
            hints=options.hints,
            show=options.show,
            digits=options.digits,
        )

    @cached_property
    def archive(self) -> Archive:
        """All parts, with the names of classes, as they are shown; read when they are first needed.

        Raises:
            DataError: what cannot be read, learned or told apart.
        """
        settings, log = self.typed, self.log
        archive, where = load(settings, download=self.download, log=log)
        archive = named(archive, names_of(settings.classes), where)
        check(archive, where)
        archive = shaped(archive, settings, log)
        archive = with_all_splits(archive, settings.split.val, settings.split.test, settings.seed, settings.name, log)
        check(archive, where)
        most = {"train": settings.max_rows.train, "val": settings.max_rows.val, "test": settings.max_rows.test}
        parts = {split: part.take(limited(part, most[split], settings.seed)) for split, part in archive.parts.items()}
        return Archive(parts, archive.channels)

    @cached_property
    def classes(self) -> list[str]:
        """The names of all classes, in the order of the settings, or of the alphabet."""
        return classes_of(self.archive, names_of(self.typed.classes))

    @cached_property
    def fingerprint(self) -> str:
        """A hash over settings, series and the code that makes rows, plots and traces."""
        here, drawing = Path(__file__).parent, Path(str(plots.__file__)).parent
        code: list[ModuleType | Path] = [*sorted(here.glob("*.py")), *sorted(drawing.glob("*.py")), lazy, *self.code]
        own = [file for file in sources(type(self), ClassifyTask) if file not in code]
        return digest(self.typed.content(), [*code, *own], [self.archive.digest()])

    def samples(self, split: str) -> Lazy[LabelledSample]:
        """The series of a split as they are shown; training's are shuffled, and balanced where that is asked for."""
        part = self.archive.parts[split]
        places = np.arange(len(part))
        if split == "train":
            seed = self.typed.seed
            random = np.random.default_rng([seed, 1])
            places = balanced(part.labels, seed) if self.typed.balanced else random.permutation(places)
        return Lazy(len(places), lambda index: self._sample(part, split, int(places[index])))

    def _sample(self, part: Labelled, split: str, place: int) -> LabelledSample:
        return LabelledSample(
            values=part.series[place],
            channels=self.archive.channels,
            label=part.labels[place],
            classes=self.classes,
            split=split,
            place=place,
            group=None if part.groups is None else part.groups[place],
            rate=self.typed.rate,
        )

    def rows(self, split: str) -> Lazy[Row]:
        """The series of a split as questions; those of ``val`` and ``test`` carry what the solvers answer."""
        samples = self.samples(split)
        return Lazy(len(samples), lambda index: self.row(samples[index], index), self.name)

    def row(self, one: LabelledSample, index: int) -> Row:
        """A series as a question."""
        info: dict[str, Any] = {"options": list(one.classes), "place": one.place}
        if one.group is not None:
            info["group"] = one.group
        if one.split != "train" and (found := self._solved(one.split)):
            info["shortcuts"] = found[one.place]
        messages = [{"role": "user", "content": self.prompt(one)}]
        return Row(self.name, "", one.split, index, messages, one.label, info, self.images(one, index))

    def images(self, one: LabelledSample, index: int) -> tuple[bytes, ...]:
        """The plots that the prompt's ``<image>`` stand for."""
        return () if self.typed.show == "numbers" else (self._picture(one.split, one.place, index),)

    def _drawn(self, split: str, place: int, index: int) -> bytes:
        """The series' own plot, or, to see what it is worth, a blank one or that of another series."""
        part, settings = self.archive.parts[split], self.typed
        if settings.image == "other":
            # Of a drawn one: archives are often sorted by class, so that the next series would be of the same.
            order = np.random.default_rng([settings.seed, 8]).permutation(len(part))
            place = int(order[(np.flatnonzero(order == place)[0] + 1) % len(part)])
        one = self._sample(part, split, place)
        shown = one.by_channel()
        if settings.image == "blank":
            blank = np.full_like(one.values, np.nan)
            shown = dict(zip(one.channels, blank, strict=True)) if one.channels else blank[0]
        # Pictures that answers are scored on vary in nothing but their series.
        return draw(shown, settings.plot, seed=(settings.seed, index) if split == "train" else None)

    @cached_property
    def _answers(self) -> dict[str, list[dict[str, str]]]:
        return {}

    def _solved(self, split: str) -> list[dict[str, str]]:
        """What each solver answers to each series of a split, found once."""
        if split not in self._answers and self.typed.solvers:
            parts, name = self.archive.parts, self.name
            self._answers[split] = solve(
                self.typed.solvers,
                parts["train"],
                parts[split],
                self.typed.seed,
                lambda line: self.log(f"dataset {name}, {split}: {line}"),
            )
        return self._answers.get(split, [])

    def about(self) -> dict[str, Any]:
        """Source and licence, classes and their balance, lengths and channels, and the settings; says the balance."""
        parts = self.archive.parts
        counts = {split: balance(parts[split].labels, self.classes) for split in SPLITS}
        for split, of in counts.items():
            self.log(f"dataset {self.name}, {split}: " + ", ".join(f"{name} {count}" for name, count in of.items()))
        shortest, longest = lengths_of(list(parts.values()))
        return {
            "dataset": self.name,
            "source": self.typed.source,
            "licence": self.typed.licence,
            "data": {
                "sha256": self.archive.digest(),
                "classes": counts,
                "balanced": self.typed.balanced,
                "length": [shortest, longest],
                "channels": list(self.archive.channels) or 1,
            },
            "settings": self.typed.content(),
        }
