"""Where questions come from: a generator or published files. A dataset's YAML names a class by ``dataset.reader``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from numpy.random import Generator

from recipes.artist.question import Floats, Interval, Question
from recipes.artist.views import ViewSettings

Log = Callable[[str], None]


class Form(Protocol):
    """A module that draws questions, and knows what a teacher says of them."""

    @property
    def KINDS(self) -> Sequence[str]:
        """Of questions, that are trained."""

    @property
    def HELD_OUT(self) -> Sequence[str]:
        """That only the test part has."""

    @property
    def BINS(self) -> tuple[int, int]:
        """The least and the most that an overview may have."""

    def draw(self, random: Generator, kind: str, settings: ViewSettings) -> Question:
        """A question, whose right letter is drawn last and evenly."""

    def twins(self, question: Question, settings: ViewSettings) -> Mapping[str, Floats]:
        """For every letter a series that looks the same from above, and whose answer it is."""

    def measured(self, question: Question) -> str:
        """The answer of a solver that sees the series and the evidence, not the generator's notes."""

    def places(self, question: Question) -> list[Interval]:
        """The segments that a teacher looks at: the evidence, and what distracts from it."""

    def looking(self, question: Question, target: Interval) -> str:
        """What a teacher's controller thinks before it has a segment looked at."""

    def enough(self, question: Question) -> str:
        """And before it accepts."""

    def reasoning(self, question: Question, segments: Sequence[Interval]) -> tuple[str, str | None]:
        """What a teacher's reasoner thinks, and its letter; None where the segments do not tell."""


class Source(ABC):
    """The questions of one dataset. Making one is cheap and reads nothing.

    Args:
        name: the dataset's.
        settings: the keys of the dataset that are the source's own, in their typed form.
        view: what the model will see of each series.
        seed: of all that is drawn.
        fetch: whether missing files may be downloaded.
        log: told what a user should know.
    """

    settings_type: ClassVar[type[Any]]
    # The module of ``recipes.artist.questions`` whose teacher writes traces; None: there is no teacher that knows.
    form: Form | None = None

    def __init__(
        self, name: str, settings: Any, *, view: ViewSettings, seed: int = 0, fetch: bool = False, log: Log = print
    ) -> None:
        self.name, self.settings, self.view, self.seed, self.fetch, self.log = name, settings, view, seed, fetch, log

    @property
    @abstractmethod
    def parts(self) -> Mapping[str, Sequence[Question]]:
        """The questions of ``train``, ``val`` and ``test``, in an order that does not vary.

        A source with a teacher has ``sft`` and ``sft_val``, too, and ``test_held_out`` may have kinds of questions that
        are never trained.

        Raises:
            DataError: files are missing or cannot be used.
        """

    @property
    @abstractmethod
    def digest(self) -> str:
        """A hash over what the questions are made from."""

    def find(self) -> None:  # noqa: B027  (a generator has no files)
        """Look for files without reading or fetching them.

        Raises:
            DataError: with how to get them.
        """

    def about(self) -> Mapping[str, Any]:
        """What a build's manifest says of the questions; checks that need all of them belong here.

        Raises:
            DataError: the questions must not be used.
        """
        return {}
