"""The face of a kind of question: everything that the rest of the project asks of one.

A dataset's YAML names a subclass of ``Task`` by its dotted path (``dataset.task``). Building data, SFT, the reward,
held-out scores, ``python -m src.rewards``, ``python -m src.evaluate`` and the report go through it, and none of them
knows which kind it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from src.config.named import load_class
from src.errors import ConfigError
from src.tasks.asking import Completion, Generate, Request, request_seed
from src.tasks.calls import Calls
from src.tasks.fingerprint import digest, sources
from src.tasks.path import Path
from src.tasks.row import Message, Row, Trace
from src.tasks.scores import Scores

Log = Callable[[str], None]


@dataclass(frozen=True)
class Answer:
    """What was read from one response.

    Args:
        value: a JSON value (a letter, the values of a forecast); None where the response holds none of use.
        problem: why the response cannot be used; None when it can.
        well_formed: it is in the asked form to the letter.
    """

    value: Any
    problem: str | None = None
    well_formed: bool = True


@dataclass(frozen=True)
class Asked:
    """One run over one question of an evaluation.

    Args:
        place: of the row among those that were asked.
        prompts: one for each turn; most tasks have one.
        completions: alike.
        answer: what they amount to.
    """

    row: Row
    place: int
    run: int
    prompts: Sequence[Sequence[Message]]
    completions: Sequence[Completion]
    answer: Answer


def by_source(rows: Sequence[Row], answers: Sequence[Answer]) -> dict[str, tuple[list[Row], list[Answer]]]:
    """The rows that are scored together, with their answers: one answer per row."""
    groups: dict[str, tuple[list[Row], list[Answer]]] = {}
    for row, answer in zip(rows, answers, strict=True):
        of_rows, of_answers = groups.setdefault(row.source, ([], []))
        of_rows.append(row)
        of_answers.append(answer)
    return groups


class Task(ABC):
    """One kind of question, with the settings of a dataset.

    Making one is cheap and reads nothing: a training's workers make one only to read and score answers.

    Args:
        settings: the ``dataset`` node as plain containers.
        download: whether missing raw files may be fetched.
        log: told what a user should know.

    Raises:
        UserError: settings that cannot be used; the sentence names the key.
    """

    # What a reward (conf/reward/*.yaml: ``kinds``) is held against: rewards are written for kinds of truth.
    kind: ClassVar[str]
    # Words of ``python -m src.evaluate`` that stand for a key of this task's dataset, such as ``horizon``.
    words: ClassVar[Mapping[str, str]] = {}

    def __init__(self, settings: Mapping[str, Any], *, download: bool = False, log: Log = print) -> None:
        self.settings = settings
        self.download = download
        self.log = log

    @property
    def name(self) -> str:
        """The dataset's."""
        return str(self.settings["name"])

    @property
    def fingerprint(self) -> str:
        """A hash over settings, data and all code that makes rows and traces; the same in every process.

        This one is for rows that are made by code alone: it covers all Python files beside the task's own. A task that
        reads data, or that shares code with others, overrides it.
        """
        own = sources(type(self), Task)
        beside = sorted(own[0].parent.rglob("*.py"))
        return digest(self.settings, [*beside, *(file for file in own if file not in beside)])

    def find(self) -> None:  # noqa: B027  (a generated dataset has no files)
        """Refuse files of the user's that are not there, without reading their content: a dry run asks.

        Raises:
            DataError: with how to give them.
        """

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """Other ways to ask the same questions, which show what a part of them is worth: name -> changed settings.

        An evaluation asks those that ``evaluation.variants`` names. Every split has the same questions, in the same
        order.
        """
        return {}

    @property
    def least_tokens(self) -> tuple[int, int]:
        """Tokens that every prompt and every full answer have at least, whatever the tokenizer; known without data."""
        return 1, 1

    @abstractmethod
    def rows(self, split: str) -> Sequence[Row]:
        """The questions of ``train``, ``val`` or ``test``, in an order that does not vary.

        Raises:
            DataError: the split does not exist, or its data cannot be used.
        """

    @property
    def has_traces(self) -> bool:
        """Whether there are answers to imitate: an SFT stage needs them."""
        return type(self).traces is not Task.traces

    def traces(self, split: str) -> Sequence[Trace]:
        """Questions with answers to imitate, of ``sft`` or ``sft_val``.

        Raises:
            ConfigError: this task has none, so that no SFT stage can be trained on it.
        """
        raise ConfigError(f"dataset {self.name} has no traces to imitate: leave its SFT stage out of stages=")

    def series(self) -> Sequence[NDArray[np.float64]]:
        """Series that a build holds once beside all of its rows, which name them by number; each (H,)."""
        return ()

    def about(self) -> Mapping[str, Any]:
        """What a build's manifest says of the data; checks that need all rows belong here, too.

        ``notes``, a list of sentences, is what whoever reads results must know: reports show it.

        Raises:
            DataError: the data must not be used, for instance because a shortcut leads to the answers.
        """
        return {}

    @abstractmethod
    def read(self, row: Row, response: str) -> Answer:
        """Read one response by the task's one grammar; any text is read, none raises."""

    def read_turn(self, row: Row, role: str, response: str) -> Answer:
        """Read what ended a session in which several roles speak; a role may have no answer to give."""
        return self.read(row, response)

    @abstractmethod
    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The reward where the configuration names no other: ``score`` and its terms, the same keys for every row.

        Pure, and never raises.
        """

    @abstractmethod
    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """Score one answer per row beside the baselines; rows of one question may repeat.

        Args:
            seed: of the bootstrap.
        """

    def items(self, rows: Sequence[Row]) -> list[int]:
        """The independent item that each of these rows belongs to: answers to one question are one.

        Intervals and tests resample items. A task whose questions depend on each other says here how.
        """
        numbers: dict[tuple[str, int], int] = {}
        return [numbers.setdefault((row.source, row.index), len(numbers)) for row in rows]

    @property
    def turns(self) -> int:
        """The most requests that one answer takes, one after the other; later prompts may be longer than the first."""
        return 1

    @property
    def calls(self) -> Mapping[str, Sequence[Calls]]:
        """The calls of one session in training, by the way that it can go, in words; the one way needs none.

        Known from settings alone: a dry run says from them what a step costs.
        """
        return {"": [Calls("answer")]}

    def longest(self, rows: Sequence[Row]) -> Sequence[Request]:
        """Requests as long as ``ask`` makes them, which an engine is made for; most tasks ask what their rows hold."""
        return [Request(row.messages, 0, row.images) for row in rows]

    def judge(self, row: Row, answer: Answer) -> Mapping[str, float]:
        """Metrics of one answer, under the names that ``score`` gives their means; none for an answer without them.

        The record keeps them of every held-out answer, so that runs can be compared question by question.
        """
        return {}

    def path(self, row: Row, trajectory: Mapping[str, Any]) -> Path | None:
        """How a session of several turns went through the row's series; the report draws it. None: nothing to draw.

        Args:
            trajectory: what the agent loop tells of the session (``src.training.row_output``).
        """
        return None

    def remark(self, rows: Sequence[Row], responses: Sequence[str]) -> str | None:
        """What the metrics do not say of held-out responses, one to each row, in one line; None for nothing."""
        return None

    def admit(self, split: str) -> None:  # noqa: B027  (most tasks can be evaluated with whatever they can be built with)
        """Refuse settings with which a split cannot be evaluated, before a model is loaded.

        Raises:
            ConfigError: with the word or the key to change.
        """

    def ask(self, rows: Sequence[Row], runs: int, seed: int, generate: Generate) -> list[Asked]:
        """Answer every question ``runs`` times; the result is ordered by question, then by run.

        Every request has its own seed, which depends on nothing but ``seed``, run, place and turn. A task that needs
        several turns overrides this.
        """
        asked = [(place, run) for place in range(len(rows)) for run in range(runs)]
        requests = [
            Request(rows[place].messages, request_seed(seed, run, place, 0), rows[place].images) for place, run in asked
        ]
        completions = generate(requests) if requests else []
        return [
            Asked(rows[place], place, run, [rows[place].messages], [one], self.taken(rows[place], one))
            for (place, run), one in zip(asked, completions, strict=True)
        ]

    def taken(self, row: Row, completion: Completion) -> Answer:
        """The answer in a completion; its own problem comes before that of its text."""
        if completion.problem is not None:
            return Answer(None, completion.problem, well_formed=False)
        return self.read(row, completion.text)


def load_task(dataset: Mapping[str, Any] | DictConfig, *, download: bool = False, log: Log = print) -> Task:
    """The task of a ``dataset`` node.

    Raises:
        ConfigError: ``dataset.task`` names no task.
        UserError: its settings cannot be used.
    """
    settings: Any = OmegaConf.to_container(dataset, resolve=True) if isinstance(dataset, DictConfig) else dict(dataset)
    return task_class(settings)(settings, download=download, log=log)


def task_class(dataset: Mapping[str, Any] | DictConfig) -> type[Task]:
    """The class that a ``dataset`` node names.

    Raises:
        ConfigError: it names none.
    """
    dotted = dataset.get("task")
    if not isinstance(dotted, str) or "." not in dotted:
        raise ConfigError(f"dataset.task={dotted} is not the dotted path of a task: see conf/dataset/*.yaml")
    found: type[Task] = load_class(dotted, Task, key="dataset.task")
    return found
