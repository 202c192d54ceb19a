"""What the SFT stage imitates: single turns of sessions that a teacher plays, in the very prompts of RL.

The teacher knows the evidence. In each turn it looks at a segment that the answer needs with probability ``right``, and
at one that distracts from it else; it accepts with probability ``accept`` once it has seen all that is needed, and with
``early`` before. Its reasoner is right where the segments tell, and guesses else. Of a session one turn is kept, of
the controller or of the reasoner, so that no two rows share a question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from recipes.artist.prompt import ARGUMENT, TOOL, Messages, controller_prompt, reasoner_prompt
from recipes.artist.question import Interval, Question
from recipes.artist.roles import CONTROLLER, REASONER
from recipes.artist.source import Form
from recipes.artist.views import ViewSettings
from src.errors import DataError

MOST_SEGMENTS = 4


@dataclass
class TraceSettings:
    """How the teacher plays.

    Args:
        right: probability of a needed segment in a turn that looks at one.
        accept: of accepting once all that is needed was seen.
        early: of accepting before; its reasoner has guessed.
        reasoner: share of rows in the reasoner's role.
        file: ready-made rows instead, from ``recipes.artist.teacher``.
    """

    right: float = 0.7
    accept: float = 0.9
    early: float = 0.0
    reasoner: float = 0.5
    file: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no probability.

        Raises:
            DataError: it names the key and the fix.
        """
        for key in ("right", "accept", "early", "reasoner"):
            if not 0 <= getattr(self, key) <= 1:
                raise DataError(f"dataset.traces.{key} is {getattr(self, key)}: set it from 0 to 1")


@dataclass(frozen=True)
class Turn:
    """One prompt of a session and what the teacher writes.

    Args:
        role: ``controller`` or ``reasoner``.
        round: of the session, from 0.
    """

    role: str
    round: int
    messages: Messages
    images: tuple[bytes, ...]
    answer: str


def played(
    question: Question, form: Form, settings: TraceSettings, view: ViewSettings, random: Generator
) -> list[Turn]:
    """All turns of a session; the controller's last one accepts.

    Args:
        form: that drew the question.
    """
    turns: list[Turn] = []
    segments: list[Interval] = []
    said: str | None = None
    while True:
        target = _target(question, form, segments, settings, random)
        answer = _accepted(form.enough(question)) if target is None else _zoomed(form.looking(question, target), target)
        turns.append(_turn(CONTROLLER, len(segments), answer, controller_prompt, question, segments, said, view))
        if target is None:
            return turns
        segments = [*segments, target]
        thought, letter = form.reasoning(question, segments)
        said = f"<think>{thought}</think>\n<answer>{letter or random.choice(list(question.options))}</answer>"
        turns.append(_turn(REASONER, len(segments) - 1, said, reasoner_prompt, question, segments, view))


def one_turn(question: Question, form: Form, settings: TraceSettings, view: ViewSettings, random: Generator) -> Turn:
    """One turn of a session, drawn: the role first, so that both have their shares."""
    turns = played(question, form, settings, view, random)
    role = REASONER if random.random() < settings.reasoner else CONTROLLER
    some = [turn for turn in turns if turn.role == role]
    return some[int(random.integers(len(some)))]


def _turn(role: str, number: int, answer: str, prompt: Callable[..., Any], *given: Any) -> Turn:
    messages, images = prompt(*given)
    return Turn(role, number, messages, images, answer)


def _target(
    question: Question, form: Form, segments: Sequence[Interval], settings: TraceSettings, random: Generator
) -> Interval | None:
    """What the teacher looks at next; None where it accepts."""
    missing = [one for one in question.evidence if one not in segments]
    others = [one for one in form.places(question) if one not in segments and one not in question.evidence]
    if segments and (
        random.random() < (settings.early if missing else settings.accept)
        or len(segments) >= MOST_SEGMENTS
        or not (missing or others)
    ):
        return None
    among = missing if missing and (not others or random.random() < settings.right) else others or missing
    return among[int(random.integers(len(among)))]


def _zoomed(thought: str, target: Interval) -> str:
    call = json.dumps({"name": TOOL, "arguments": {ARGUMENT: list(target)}})
    return f"<think>{thought}</think>\n<tool_call>\n{call}\n</tool_call>"


def _accepted(thought: str) -> str:
    return f"<think>{thought}</think>\n<answer>ACCEPT</answer>"
