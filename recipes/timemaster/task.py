"""TimeMaster (arXiv 2506.13705) as a task: the paper's question, traces and reward over any labelled dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from data_pipelines.download import sha256_of
from data_pipelines.labelled.sample import LabelledSample
from data_pipelines.labelled.settings import LabelledSettings
from data_pipelines.labelled.task import Classify
from recipes.timemaster import features, prompt, traces
from recipes.timemaster.features import Differences, of_channels
from recipes.timemaster.reward import SECTIONS, compute_score
from src.errors import DataError
from src.tasks.build import read_traces, traces_file
from src.tasks.fingerprint import digest
from src.tasks.lazy import Lazy
from src.tasks.plots import draw
from src.tasks.row import Row, Trace
from src.tasks.task import Log


@dataclass
class TraceSettings:
    """What the SFT stage imitates.

    Args:
        samples: how many; series come again, moved anew where they are augmented.
        style: ``full`` or ``short`` (``recipes.timemaster.traces``).
        wrong: the share whose class is wrong, on purpose.
        file: ready-made rows instead, from ``recipes.timemaster.teacher``.
    """

    samples: int = 1000
    style: str = "full"
    wrong: float = 0.0
    file: str | None = None


@dataclass
class AugmentSettings:
    """How training's series are moved (``recipes.timemaster.traces.augmented``).

    Args:
        rows: of RL, which show the series again and again, each time moved anew; null: each series once, as it is.
        strength: 0: not at all, 1: as in the README.
    """

    rows: int | None = None
    strength: float = 0.0


@dataclass
class TimeMasterSettings(LabelledSettings):
    """A labelled dataset's, with TimeMaster's prompt and traces.

    Args:
        extension: whether the third section is asked for.
        advice: what it is to hold; null: what to do about it.
    """

    extension: bool = True
    advice: str | None = None
    traces: TraceSettings = field(default_factory=TraceSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)


class TimeMaster(Classify):
    """The paper's question over the series of a dataset."""

    settings_type = TimeMasterSettings
    typed: TimeMasterSettings
    code: ClassVar = (prompt, traces, features)

    def __init__(self, settings: Mapping[str, Any], *, download: bool = False, log: Log = print) -> None:
        super().__init__(settings, download=download, log=log)
        _check(self.typed)
        self.sections = SECTIONS if self.typed.extension else SECTIONS[:-1]

    def find(self) -> None:
        """The archive's files, and ready-made traces."""
        super().find()
        if self.typed.traces.file is not None:
            traces_file(self.typed.traces.file)

    @cached_property
    def fingerprint(self) -> str:
        """Over ready-made traces, too."""
        file = self.typed.traces.file
        return (
            super().fingerprint
            if file is None
            else digest({"rows": super().fingerprint}, [], [sha256_of(traces_file(file))])
        )

    def about(self) -> dict[str, Any]:
        """Says where the teacher is weak on purpose, too."""
        settings = self.typed.traces
        if not settings.wrong or settings.file is not None:
            return super().about()
        note = (
            f"The teacher is weak on purpose: {100 * settings.wrong:g} % of the SFT traces name a wrong class "
            f"(dataset.traces.wrong={settings.wrong}), so that RL has something to find out. "
            "What SFT reaches with right ones is in recipes/timemaster/README.md."
        )
        return {**super().about(), "notes": [note]}

    def prompt(self, one: LabelledSample) -> str:
        """The paper's question."""
        options = self.typed
        return prompt.render(
            one,
            title=options.title,
            description=options.description,
            hints=options.hints,
            show=options.show,
            digits=options.digits,
            extension=options.extension,
            advice=options.advice,
        )

    def samples(self, split: str) -> Lazy[LabelledSample]:
        """As the dataset has them; training's as often as ``augment.rows`` says."""
        samples, count = super().samples(split), self.typed.augment.rows
        if split != "train" or count is None:
            return samples
        return Lazy(count, lambda index: self._moved(samples[index % len(samples)], 3, index))

    def images(self, one: LabelledSample, index: int) -> tuple[bytes, ...]:
        """The plots that the prompt's ``<image>`` stand for: of training's series as they have been moved."""
        if one.split != "train" or self.typed.show == "numbers" or self.typed.image != "own":
            return super().images(one, index)
        return (draw(one.by_channel(), self.typed.plot, seed=(self.typed.seed, index)),)

    def traces(self, split: str) -> Sequence[Trace]:
        """Answers of the writer that looks at the series, or, for ``sft``, what a teacher wrote into a file."""
        settings = self.typed.traces
        if split == "sft" and settings.file is not None:
            return read_traces(traces_file(settings.file))
        samples = super().samples("val" if split == "sft_val" else "train")
        labels = [one.label for one in samples]
        shown = [labels[index % len(labels)] for index in range(len(self.shown(split)))]
        share = 0.0 if split == "sft_val" else settings.wrong
        written = traces.wrong_labels(shown, self.classes, share, self.typed.seed)
        if wrong := Counter(label for label, truth in zip(written, shown, strict=True) if label != truth):
            self.log(f"dataset {self.name}, {split}: wrong on purpose as {traces.stated(wrong)}, of {len(shown)}")
        return Lazy(len(shown), lambda index: self._trace(split, index, written[index], settings.style))

    def shown(self, split: str) -> Lazy[LabelledSample]:
        """The series of ``sft``, moved, though not as any row of RL, or of ``sft_val``, as they are."""
        held_out = split == "sft_val"
        samples = super().samples("val" if held_out else "train")
        if held_out:
            return samples
        return Lazy(self.typed.traces.samples, lambda index: self._moved(samples[index % len(samples)], 4, index))

    def question(self, split: str, index: int) -> Row:
        """The question of an SFT row; nobody is scored on it, so that no solver is asked."""
        one = self.shown(split)[index]
        info = {"options": list(one.classes), "place": one.place}
        messages = [{"role": "user", "content": self.prompt(one)}]
        images = self.images(one, self.typed.traces.samples + index)
        return Row(self.name, "", split, index, messages, one.label, info, images)

    def _trace(self, split: str, index: int, label: str, style: str) -> Trace:
        extension, one = self.typed.extension, self.shown(split)[index]
        answer = traces.write(one, label, self.differences, style=style, extension=extension)
        return Trace(self.question(split, index), answer)

    @cached_property
    def differences(self) -> Differences:
        """By what the classes differ, measured on the training part."""
        part, channels = self.archive.parts["train"], self.archive.channels
        return Differences([of_channels(one, channels) for one in part.series], part.labels)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The strict preset, without a judge."""
        return compute_score(row.source, response, row.truth, row.info, extension=self.typed.extension)

    def _moved(self, one: LabelledSample, stream: int, index: int) -> LabelledSample:
        strength = self.typed.augment.strength
        if not strength:
            return one
        random = np.random.default_rng([self.typed.seed, stream, index])
        return replace(one, values=traces.augmented(one.values, strength, random))


def _check(settings: TimeMasterSettings) -> None:
    given = settings.traces
    if given.style not in traces.STYLES:
        raise DataError(f"dataset.traces.style is '{given.style}': set it to {' or '.join(traces.STYLES)}")
    if given.samples < 1:
        raise DataError(f"dataset.traces.samples is {given.samples}: set it to at least 1")
    if not 0 <= given.wrong < 1:
        raise DataError(f"dataset.traces.wrong is {given.wrong}: set it to a share from 0 and below 1")
    if not 0 <= settings.augment.strength <= 1:
        raise DataError(f"dataset.augment.strength is {settings.augment.strength}: set it from 0 to 1")
    if settings.augment.rows is not None and settings.augment.rows < 1:
        raise DataError(f"dataset.augment.rows is {settings.augment.rows}: set it to at least 1, or null")
