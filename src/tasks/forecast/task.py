"""Forecasting as a task: reading and scoring forecasts, and asking for longer ones roll by roll."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from src.errors import ConfigError
from src.tasks.asking import Completion, Generate, Request, request_seed
from src.tasks.forecast import scoring
from src.tasks.forecast.answer import parse_forecast
from src.tasks.forecast.reward import plain_reward
from src.tasks.row import Message, Row
from src.tasks.scores import Scores
from src.tasks.task import Answer, Asked, Task


class ForecastTask(Task):
    """Questions whose truth is a list of values; the dataset's ``horizon`` says how many one answer holds.

    A row's ``info`` is what ``src.tasks.forecast.scoring`` reads. A row with a longer truth is answered in rolls
    (Time-R1, appendix F.3): forecast H steps from the last L values, append the answer to the history, move the window
    on by H, and repeat; the last roll is cut. From 96 to 96, a horizon of 192 takes two rolls and 336 takes four.
    """

    kind = "forecast"
    words: ClassVar[Mapping[str, str]] = {"horizon": "evaluation.target_length"}

    @property
    def horizon(self) -> int:
        """The steps of one answer."""
        return int(self.settings["horizon"])

    @abstractmethod
    def follow(self, row: Row, values: Sequence[float]) -> Sequence[Message]:
        """The prompt that goes on after the first ``values`` of a row's forecast: the window moved on by as many."""

    def example(self) -> tuple[list[float], str] | None:
        """A made-up truth, and the response that says so in the form that the traces have; None: there is no such form.

        A reward with a grammar of its own is tried on it before anything starts.
        """
        return None

    def read(self, row: Row, response: str) -> Answer:
        """The values of one answer, by the grammar of ``src.tasks.forecast.answer``."""
        found = parse_forecast(response, self.horizon)
        return Answer(found.values.tolist() if found.problem is None else None, found.problem, found.well_formed)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The error beside the seasonal naive forecast's; see ``src.tasks.forecast.reward``."""
        return plain_reward(parse_forecast(response, len(row.truth)), row.truth, row.info)

    def judge(self, row: Row, answer: Answer) -> Mapping[str, float]:
        """MSE and MAE of a usable forecast."""
        return scoring.errors(row, answer) or {}

    def items(self, rows: Sequence[Row]) -> list[int]:
        """Blocks of time; see ``src.tasks.blocks``."""
        return scoring.items(rows)

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """MSE and MAE beside every baseline of ``src.tasks.forecast.baselines``; see ``scoring.score``."""
        found = scoring.score(rows, answers, seed)
        horizon = max(len(row.truth) for row in rows)
        return Scores(found.groups, {"horizon": horizon, "rolls": self.rolls(horizon), **found.details})

    @property
    def turns(self) -> int:
        """The rolls of the longest truth."""
        evaluation = self.settings.get("evaluation") or {}
        return self.rolls(evaluation.get("target_length") or self.horizon)

    def admit(self, split: str) -> None:
        """Refuse a horizon that is longer than the truth of the split's windows."""
        longest = (self.settings.get("evaluation") or {}).get("target_length") or self.horizon
        if split != "test" and longest > self.horizon:
            raise ConfigError(
                f"horizon={longest} is longer than the {self.horizon} true values of a window of split={split}: "
                "rolling forecasts need split=test"
            )

    def rolls(self, horizon: int) -> int:
        """How many answers cover a horizon."""
        return math.ceil(horizon / self.horizon)

    def ask(self, rows: Sequence[Row], runs: int, seed: int, generate: Generate) -> list[Asked]:
        """Forecast the whole truth of every row, ``runs`` times; the result is ordered by row, then by run.

        Each roll is one batch. A failed answer ends its run, with no second chance.
        """
        started = [_Going(row, place, run, [row.messages]) for place, row in enumerate(rows) for run in range(runs)]
        going = started
        for turn in range(max((self.rolls(len(row.truth)) for row in rows), default=0)):
            requests = [
                Request(one.prompts[-1], request_seed(seed, one.run, one.place, turn), one.row.images) for one in going
            ]
            completions = generate(requests) if requests else []
            for one, completion in zip(going, completions, strict=True):
                one.take(self.taken(one.row, completion), completion)
            going = [one for one in going if one.problem is None and len(one.values) < len(one.row.truth)]
            for one in going:
                one.prompts.append(self.follow(one.row, one.values))
        return [one.asked() for one in started]


@dataclass
class _Going:
    """One run over one row."""

    row: Row
    place: int
    run: int
    prompts: list[Sequence[Message]]
    completions: list[Completion] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    well_formed: bool = True
    problem: str | None = None

    def take(self, answer: Answer, completion: Completion) -> None:
        self.completions.append(completion)
        self.well_formed = self.well_formed and answer.well_formed
        if answer.problem is None:
            self.values += answer.value
        else:
            roll = f"roll {len(self.completions)}: " if len(self.completions) > 1 else ""
            self.problem = f"{roll}{answer.problem}"

    def asked(self) -> Asked:
        value: Any = self.values[: len(self.row.truth)] if self.problem is None else None
        answer = Answer(value, self.problem, self.well_formed)
        return Asked(self.row, self.place, self.run, self.prompts, self.completions, answer)
