"""Rolling forecasts: a model that answers H steps at a time forecasts any horizon (Time-R1, appendix F.3).

Forecast H steps from the last L values, append the answer to the history, move the window and its timestamps
on by H, and repeat; the last roll is cut. From 96 to 96, a horizon of 192 takes two rolls and 336 takes four.
Nothing here knows a model: text comes from the ``generate`` function.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from src.evaluation.requests import Completion, Generate, Request, request_seed
from src.tasks.forecast.answer import parse_forecast


class Window(Protocol):
    """One question of a dataset. Labels are the timestamps of the rows, as texts; ``target`` is the truth."""

    @property
    def channel(self) -> str: ...
    @property
    def history(self) -> tuple[float, ...]: ...
    @property
    def history_labels(self) -> tuple[str, ...]: ...
    @property
    def target(self) -> tuple[float, ...]: ...
    @property
    def target_labels(self) -> tuple[str, ...]: ...
    @property
    def period(self) -> int: ...


@dataclass(frozen=True)
class Questions:
    """How a dataset asks: the steps of one answer, the text of a question, and the question after it.

    Args:
        follow: takes channel, history (L values) and the timestamp of its first row.
    """

    horizon: int
    render: Callable[[Window], str]
    follow: Callable[[str, Sequence[float], str], Window]


@dataclass
class Rolled:
    """One run over one window: the answers of its rolls, and what they amount to.

    Args:
        prediction: (horizon,) values, or None once an answer failed; ``problem`` says why, and in which roll.
    """

    window: int
    run: int
    prompts: list[str] = field(default_factory=list)
    answers: list[Completion] = field(default_factory=list)
    well_formed: bool = True
    prediction: list[float] | None = field(default_factory=list)
    problem: str | None = None


def roll_count(horizon: int, block: int) -> int:
    """Return how many answers of ``block`` steps cover ``horizon`` steps."""
    return math.ceil(horizon / block)


def forecast(
    windows: Sequence[Window],
    questions: Questions,
    horizon: int,
    runs: int,
    seed: int,
    generate: Generate,
) -> list[Rolled]:
    """Forecast ``horizon`` steps of every window, ``runs`` times; the result is ordered by window, then by run.

    Each roll is one batch. A failed answer ends its run, with no second chance. Every request has its own
    seed, which depends on nothing but ``seed``, run, window and roll.
    """
    started = [(Rolled(window, run), one) for window, one in enumerate(windows) for run in range(runs)]
    going = started
    for step in range(roll_count(horizon, questions.horizon)):
        for state, question in going:
            state.prompts.append(questions.render(question))
        requests = [Request(state.prompts[-1], request_seed(seed, state.run, state.window, step)) for state, _ in going]
        answers = generate(requests) if requests else []
        for (state, _), answer in zip(going, answers, strict=True):
            _take(state, answer, questions.horizon)
        going = [
            (state, _next(state, windows[state.window], questions))
            for state, _ in going
            if state.problem is None and len(state.prediction or ()) < horizon
        ]
    for state, _ in started:
        if state.prediction is not None:
            state.prediction = state.prediction[:horizon]
    return [state for state, _ in started]


def _take(state: Rolled, answer: Completion, block: int) -> None:
    state.answers.append(answer)
    parsed = parse_forecast(answer.text, block)
    state.well_formed = state.well_formed and parsed.well_formed
    state.problem = answer.problem or parsed.problem
    if state.problem is not None:
        state.prediction = None
        if len(state.answers) > 1:
            state.problem = f"roll {len(state.answers)}: {state.problem}"
    elif state.prediction is not None:
        state.prediction += parsed.values.tolist()


def _next(state: Rolled, window: Window, questions: Questions) -> Window:
    """Ask again, with the last L of history and predictions, from the row where these begin."""
    assert state.prediction is not None
    known = [*window.history, *state.prediction]
    labels = (*window.history_labels, *window.target_labels)
    start = len(state.prediction)
    return questions.follow(window.channel, known[start:], labels[start])
