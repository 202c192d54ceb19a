"""The one way from a response to its reward: whatever function the configuration names is called here, and checked.

veRL calls ``compute_score`` (src/config/stages.py), ``python -m src.rewards`` a ``Reward`` itself. A function gets what
its row holds as plain Python, and owes a finite number for ``score`` and for every term, the same terms each time.
Judges (src/rewards/judge.py) add their terms to these.
Within a process ``Reward`` holds it to them; what different processes gave is compared where the rollouts meet
(src/training/sampled.py).
"""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

import numpy as np
from omegaconf import DictConfig, OmegaConf

from src.config.named import load_function
from src.errors import ConfigError, UserError
from src.rewards.judge import Judgement, make_terms
from src.tasks.row import Row
from src.tasks.task import Task, load_task

# A reward that failed, among the terms that veRL hands on; the replay buffer ends the run with it.
PROBLEM = "reward_problem"
# What judges said, likewise: text, of which the replay buffer makes ``Rollouts.judged``.
JUDGED = "reward_judged"
_SHOWN = 200  # characters of a value in a message
_LARGEST = float(np.finfo(np.float32).max)  # veRL keeps scores as 32-bit floats: beyond it they would be infinite
_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
_OWN = ("index", "split", "task", "info")

T = TypeVar("T")


class RewardError(UserError):
    """A reward function failed, or gave something that is no reward."""


class Reward:
    """A reward function with its settings. What it gives is checked, and compared with what it gave first.

    Args:
        task: the dataset's; where no function is named, its own reward is taken. None: a function is named.
        function: ``path``, ``name`` and ``reward_kwargs``, as ``reward.custom_reward_function`` holds them.
        judges: ``reward.judges``, term -> judge.

    Raises:
        ConfigError: there is no such function, or a judge's settings cannot be used.
    """

    def __init__(
        self,
        task: Task | None,
        function: Mapping[str, Any] | None = None,
        judges: Mapping[str, Any] | None = None,
    ) -> None:
        self._task = task
        self._judged = make_terms(judges)
        self._terms: tuple[set[str], str] | None = None  # and which answer had them
        self._lock = threading.Lock()  # veRL scores several answers at a time
        given: Mapping[str, Any] = function or {}
        self._function: Callable[..., Any] | None = None
        self._settings: Mapping[str, Any] = given.get("reward_kwargs") or {}
        if path := given.get("path"):
            name = given.get("name") or "compute_score"
            self._function = load_function(path, name, key="reward.custom_reward_function")
            self.name = f"{name} of {path}"
            self._file = str(getattr(getattr(self._function, "__code__", None), "co_filename", path))
        elif task is not None:
            self.name, self._file = f"{type(task).__qualname__}.reward", inspect.getfile(type(task))
        else:
            raise ConfigError("no reward is named, and no dataset whose task has one: give reward= or dataset=")

    def __call__(
        self, row: Row, response: str, place: str | None = None, extra: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, float]:
        """The score and the terms of one response; see ``scored``."""
        return self.wait_for(row, response, place, extra, **more)[0]

    def wait_for(self, *args: Any, **kwargs: Any) -> tuple[dict[str, float], Judgement | None]:
        """What ``scored`` gives, for a caller that has no loop."""
        return _on_loop(self.scored(*args, **kwargs)).result()

    async def scored(
        self, row: Row, response: str, place: str | None = None, extra: Mapping[str, Any] | None = None, **more: Any
    ) -> tuple[dict[str, float], Judgement | None]:
        """The score and the terms of one response, and what the judges said of it.

        Args:
            place: which answer it is, for messages; None: the row's dataset, split and index.
            extra: what else a function finds in its ``extra_info``, such as veRL's ``num_turns``.
            more: arguments that veRL adds when it serves a judge.

        Returns:
            The terms, a judge's among them, and what the judges said; None where there is none.

        Raises:
            RewardError: the function failed, or what it gave is no reward; the sentence names function, file, term,
                value and answer. Or a judge failed where that ends the run.
            UserError: the function's own ConfigError, for settings that it does not have, or of a judge that cannot
                be asked.
        """
        place = place or place_of(row)
        try:
            given = await asyncio.to_thread(self._given, row, response, extra or {}, more)
            if inspect.isawaitable(given):
                given = await given
        except ConfigError:
            raise
        except BaseException as error:  # the function is the user's: whatever it raises is to be named, sys.exit() too
            line = _line_in(self._file, error)
            raise RewardError(
                f"the reward {self.name} failed on {place}: {type(error).__name__}: {_shown(error)} "
                f"({self._file}, line {line})"
            ) from error
        try:
            terms = self._numbers(given)
            judgement = await self._judge(row, response, terms, place) if self._judged else None
            return self._checked(terms, place), judgement
        except ValueError as error:
            raise RewardError(f"the reward {self.name} gave no reward for {place}: {error} ({self._file})") from None

    def _given(self, row: Row, response: str, extra: Mapping[str, Any], more: Mapping[str, Any]) -> Any:
        if self._function is None:
            assert self._task is not None
            return self._task.reward(row, response)
        return self._function(
            data_source=row.source,
            solution_str=response,
            ground_truth=row.truth,
            extra_info={**extra, **row.info, "index": row.index, "split": row.split, "task": row.task},
            **{**self._settings, **more},
        )

    async def _judge(self, row: Row, response: str, terms: dict[str, float], place: str) -> Judgement:
        """Ask the judges, all at a time, and add their terms."""
        if taken := {one.name for one in self._judged} & set(terms):
            raise ValueError(f"its term {min(taken)!r} is a judge's, too: rename it in reward.judges")
        of_function = dict(terms)
        asked = (one.verdict(row, response, of_function) for one in self._judged)
        said = await asyncio.gather(*asked)
        for term, verdict in zip(self._judged, said, strict=True):
            terms[term.name] = term.value(verdict)
            terms["score"] += terms[term.name]
            if verdict is not None and verdict.score is None and term.stops:
                raise RewardError(
                    f"the judge of {term.name} failed on {place}: {verdict.words}; start its endpoint and run the same "
                    f"command again, or let reward.judges.{term.name}.on_failure=leave_out take the term out"
                )
        verdicts = {term.name: verdict for term, verdict in zip(self._judged, said, strict=True)}
        return Judgement(of_function["score"], verdicts)

    def _numbers(self, given: Any) -> dict[str, float]:
        if not isinstance(given, Mapping):
            given = {"score": given}
        terms = {str(name): _number(name, value) for name, value in given.items()}
        if "score" not in terms:
            raise ValueError(f"there is no 'score' among {', '.join(terms) or 'no terms'}")
        return terms

    def _checked(self, terms: dict[str, float], place: str) -> dict[str, float]:
        if abs(terms["score"]) > _LARGEST:
            raise ValueError(f"the term 'score' is {terms['score']}, more than a 32-bit float holds")
        with self._lock:
            if self._terms is None:
                self._terms = set(terms), place
        if difference := other_terms(terms, *self._terms):
            raise ValueError(difference)
        return terms


def place_of(row: Row) -> str:
    """Which answer it is, for messages."""
    return f"row {row.index} of {row.source}, {row.split}"


def other_terms(terms: Iterable[str], first: set[str], where: str) -> str | None:
    """What is wrong with the names of an answer's terms, when they are not those of the first answer.

    Args:
        where: the first answer.
    """
    names = set(terms)
    for change, changed in (("lacks", first - names), ("has", names - first)):
        if changed:
            other = "has it" if change == "lacks" else "has not"
            return (
                f"it {change} the term {min(changed)!r}, and {where} {other}; give the same terms for every answer, 0 "
                "where one does not apply"
            )
    return None


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    *,
    dataset: Mapping[str, Any],
    function: Mapping[str, Any] | None = None,
    judges: Mapping[str, Any] | None = None,
    begun: str = "",
    **served: Any,
) -> dict[str, Any]:
    """What veRL calls, with the columns of a row.

    veRL drops a rollout whose reward raises, and trains on. So a failure is returned, under ``PROBLEM``: the replay
    buffer raises it, and the run ends.

    Args:
        dataset: the dataset's node, which names the task.
        function, judges: see ``Reward``.
        begun: what the model's chat template has written of every answer (src/tasks/template.py).
        served: veRL's, when it serves a judge.
    """
    try:
        reward = _made(dataset, function, judges)
        row = Row.of_columns(data_source, ground_truth, extra_info or {})
        extra = {name: value for name, value in (extra_info or {}).items() if name not in _OWN}
        scored = reward.scored(row, begun + solution_str, extra=extra, **served)
        terms, judgement = await asyncio.wrap_future(_on_loop(scored))
        return {**terms, JUDGED: judgement.as_text()} if judgement else {**terms}
    except Exception as error:
        if (cause := error.__cause__ if isinstance(error, UserError) else error) is not None:
            traceback.print_exception(cause)  # where in the user's code, for the log
        known = isinstance(error, UserError)
        problem = str(error) if known else f"the reward could not be called: {type(error).__name__}: {_shown(error)}"
        return {"score": math.nan, PROBLEM: problem}


def _plain(node: Any) -> Any:
    """A node of the configuration as plain containers; what is plain already stays."""
    return OmegaConf.to_container(node, resolve=True) if isinstance(node, DictConfig) else node


_MAKING = threading.Lock()  # what there is one of in a process, whose answers are scored by several threads


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop for all answers of this process: a function may keep its client from one to the next."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="rewards", daemon=True).start()
    return loop


def _on_loop(work: Coroutine[Any, Any, T]) -> Future[T]:
    with _MAKING:
        return asyncio.run_coroutine_threadsafe(work, _loop())


# By the identity of the arguments, which are kept: veRL passes the same ones with every answer.
_MADE: dict[tuple[int, ...], tuple[Any, Reward]] = {}


def _made(*given: Any) -> Reward:
    key = tuple(map(id, given))
    with _MAKING:
        if key not in _MADE:
            dataset, function, judges = given
            _MADE[key] = given, Reward(load_task(dataset), _plain(function), _plain(judges))
        return _MADE[key][1]


def _number(name: Any, value: Any) -> float:
    if not isinstance(value, _NUMBERS):
        raise ValueError(f"the term {name!r} is {_shown(repr(value))}, which is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"the term {name!r} is {_shown(value)}, which is not finite")
    return number


def _shown(value: Any) -> str:
    """In one line that is not too long."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _line_in(file: str, error: BaseException) -> int | None:
    """The last line of ``file`` that the error went through; that of the error's own place where it met none."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == file), frames[-1].lineno)
