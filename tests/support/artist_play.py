"""Sessions of ARTIST played from a script: what each role says, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recipes.artist.decision import ACCEPT, TOOL
from recipes.artist.question import Question
from recipes.artist.session import Call, Session, SessionSettings, converse
from recipes.artist.views import ViewSettings
from src.tasks.asking import Completion

DONE = f"<think>enough</think>\n<answer>{ACCEPT}</answer>"
VIEW = ViewSettings(bins=16)


def zoom(start: Any, end: Any) -> str:
    call = f'{{"name": "{TOOL}", "arguments": {{"ts_seg": [{start}, {end}]}}}}'
    return f"<think>look</think>\n<tool_call>\n{call}\n</tool_call>"


def answer(letter: str) -> str:
    return f"<think>seen</think>\n<answer>{letter}</answer>"


def question(length: int = 100, **changes: Any) -> Question:
    given: dict[str, Any] = {
        "series": np.sin(np.arange(length) / 5),
        "text": "Which way does it go?",
        "options": {"A": "up", "B": "down"},
        "truth": "B",
        "kind": "way",
        "needed": 1,
        "evidence": ((20, 40),),
    }
    return Question(**{**given, **changes})


def completion(text: str, **more: Any) -> Completion:
    return Completion(text, len(text.split()), **more)


def played(
    asked: Question,
    controller: Sequence[str],
    reasoner: Sequence[str] | Callable[[Call], str],
    settings: SessionSettings | None = None,
    view: ViewSettings = VIEW,
    answers: int = 1,
) -> tuple[Session, list[list[Call]]]:
    """The session, and the batches of calls that it made; the reasoner's answers are taken in turn, or by call."""
    conversation = converse(asked, settings or SessionSettings(), view, answers)
    turns, said = iter(controller), iter([] if callable(reasoner) else reasoner)
    batches: list[list[Call]] = []
    calls = next(conversation)
    while True:
        batches.append(calls)
        texts = [
            next(turns) if call.role == "controller" else reasoner(call) if callable(reasoner) else next(said)
            for call in calls
        ]
        try:
            calls = conversation.send([completion(text) for text in texts])
        except StopIteration as end:
            return end.value, batches
