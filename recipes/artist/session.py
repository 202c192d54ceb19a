"""A session: what is asked of the model for one question, whoever asks it.

The controller has a segment read or accepts, the reasoner answers from the question and the segments so far. One model
plays both, each call is a conversation of its own, and nothing is tried again: a turn that decides nothing, or a prompt
that is too long, ends the session, which keeps the last answer.

``converse`` is a generator. It yields the calls that can be made next, all at a time, and is sent their completions:
the agent loop makes them on veRL's servers, an evaluation makes those of all its sessions in one batch.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from recipes.artist.decision import read_decision
from recipes.artist.prompt import blind_prompt, controller_prompt, overview_prompt, reasoner_prompt
from recipes.artist.question import LEAST_STEPS, Interval, Question
from recipes.artist.roles import CONTROLLER, REASONER
from recipes.artist.segments import clamp, widen
from recipes.artist.views import ViewSettings, span
from src.errors import DataError
from src.tasks.asking import Completion
from src.tasks.row import Message

POLICIES = ("session", "reasoner", "overview", "blind")


@dataclass
class RoleSettings:
    """How a role samples.

    Args:
        max_tokens: of one completion.
    """

    temperature: float = 1.0
    max_tokens: int = 256


@dataclass
class SessionSettings:
    """What a session may do; the defaults are the paper's.

    Args:
        policy: ``session``; or one answer of the reasoner alone, from the whole series in as many values as a session
            may read (``reasoner``), from the overview, or from nothing (``blind``).
        max_rounds: most calls of the controller.
        answers: N, sampled from the final segments in training; a session's own answer is one of them.
        alone: segments that ``reasoner`` reads; null: as many as a session may.
        strict: read turns to the letter; false: as the reference code does (``recipes.artist.decision``).
    """

    policy: str = "session"
    max_rounds: int = 5
    answers: int = 6
    alone: int | None = None
    strict: bool = True
    controller: RoleSettings = field(default_factory=lambda: RoleSettings(1.0, 256))
    reasoner: RoleSettings = field(default_factory=lambda: RoleSettings(0.7, 512))

    def __post_init__(self) -> None:
        """Refuse what cannot be played.

        Raises:
            DataError: it names the key and the fix.
        """
        if self.policy not in POLICIES:
            raise DataError(f"dataset.session.policy is '{self.policy}': set it to {', '.join(POLICIES)}")
        for name in ("max_rounds", "answers", "alone"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise DataError(f"dataset.session.{name} is {value}: set it to at least 1")
        for role, one in ((CONTROLLER, self.controller), (REASONER, self.reasoner)):
            if not 0 < one.temperature <= 10:  # log-probabilities are taken at it
                raise DataError(f"dataset.session.{role}.temperature is {one.temperature}: set it above 0, up to 10")
            if one.max_tokens < 1:
                raise DataError(f"dataset.session.{role}.max_tokens is {one.max_tokens}: set it to at least 1")

    def of(self, role: str) -> RoleSettings:
        """How this role samples."""
        return self.controller if role == CONTROLLER else self.reasoner


@dataclass(frozen=True)
class Call:
    """A conversation of one question and one completion.

    Args:
        turn: among the calls of its role, from 0.
        draw: among the completions of one prompt, from 0; the session goes on with the first.
        images: that the messages' ``<image>`` stand for.
    """

    role: str
    turn: int
    draw: int
    messages: Sequence[Message]
    images: Sequence[bytes] = ()


@dataclass(frozen=True)
class Said:
    """A call and its completion."""

    call: Call
    completion: Completion

    @property
    def text(self) -> str:
        """Of the completion."""
        return self.completion.text


@dataclass
class Session:
    """A session that has ended.

    Args:
        segments: that were read, in order; half-open, inside the series. Each turn but the last one asked for one.
        turns: of the controller.
        answers: of the reasoner, one after each segment; the last one is the session's.
        final: N from the final segments, the session's own first; empty where there is none.
        accepted: the controller has accepted the last answer.
        problem: what ended the session otherwise; None where it has used up its rounds.
    """

    question: Question
    segments: list[Interval] = field(default_factory=list)
    turns: list[Said] = field(default_factory=list)
    answers: list[Said] = field(default_factory=list)
    final: list[Said] = field(default_factory=list)
    accepted: bool = False
    problem: str | None = None
    answered_first: bool = False  # before the controller's first turn
    no_room: bool = False  # for a prompt, which ended the session

    @property
    def said(self) -> list[Said]:
        """All of it, each once."""
        return [*self.turns, *self.answers, *self.final[1:]]


Conversation = Generator[list[Call], Sequence[Completion], Session]
Prompt = tuple[Sequence[Message], Sequence[bytes]]
_Part = Generator[list[Call], Sequence[Completion], None]


def converse(question: Question, settings: SessionSettings, view: ViewSettings, answers: int = 1) -> Conversation:
    """Play a session; the generator's value is the ``Session``.

    Args:
        answers: N, from the final segments.
    """
    session = Session(question)
    if settings.policy != "session":
        yield from _answer(session, settings, view)
    else:
        if view.include_full_series:
            yield from _answer(session, settings, view, (0, question.length))
            session.answered_first = session.problem is None
        for _ in range(settings.max_rounds):
            if session.problem is not None or session.accepted:
                break
            yield from _round(session, settings, view)
    if session.answers:
        own = session.answers[-1]
        calls = [replace(own.call, draw=draw) for draw in range(1, answers)]
        more = (yield calls) if calls else []
        session.final = [own, *(Said(call, one) for call, one in zip(calls, more, strict=True))]
    return session


def _round(session: Session, settings: SessionSettings, view: ViewSettings) -> _Part:
    question = session.question
    last = session.answers[-1].text if session.answers else None
    call = Call(CONTROLLER, len(session.turns), 0, *controller_prompt(question, session.segments, last, view))
    (completion,) = yield [call]
    session.problem, session.no_room = completion.problem, completion.problem is not None
    if completion.problem is not None:
        return
    session.turns.append(Said(call, completion))
    decision = read_decision(completion.text, question.length, may_accept=last is not None, strict=settings.strict)
    session.problem = decision.problem
    session.accepted = decision.accepts
    segment = clamp(decision.segment, question.length) if decision.segment is not None else None
    if session.problem is None and segment is not None:
        if view.view == "letters":  # which has no means: what is too long for them is cut
            segment = segment[0], min(segment[1], segment[0] + view.segment_values)
        yield from _answer(session, settings, view, widen(segment, LEAST_STEPS, question.length))


def _answer(session: Session, settings: SessionSettings, view: ViewSettings, more: Interval | None = None) -> _Part:
    """Let the reasoner answer, from one more segment than before."""
    question = session.question
    segments = [*session.segments, more] if more is not None else []
    if settings.policy == "overview":
        prompt = overview_prompt(question, view)
    elif settings.policy == "blind":
        prompt = blind_prompt(question, view)
    else:
        if settings.policy == "reasoner":
            segments = everywhere(question.length, settings.alone or settings.max_rounds, view)
        prompt = reasoner_prompt(question, segments, view)
    call = Call(REASONER, len(session.answers), 0, *prompt)
    (completion,) = yield [call]
    session.problem, session.no_room = completion.problem, completion.problem is not None
    if completion.problem is None:
        session.segments = segments
        session.answers.append(Said(call, completion))


def longest_prompts(question: Question, settings: SessionSettings, view: ViewSettings) -> list[Prompt]:
    """Prompts of both roles as long as they may become, up to the digits of their numbers."""
    if settings.policy == "overview":
        return [overview_prompt(question, view)]
    if settings.policy == "blind":
        return [blind_prompt(question, view)]
    if settings.policy == "reasoner":
        return [
            reasoner_prompt(question, everywhere(question.length, settings.alone or settings.max_rounds, view), view)
        ]
    start = max(0, question.length - view.segment_values)
    read = [(start, question.length)] * settings.max_rounds
    if view.include_full_series:
        read = [(0, question.length), *read]
    said = "0" * settings.reasoner.max_tokens  # a token each
    return [controller_prompt(question, read[:-1], said, view), reasoner_prompt(question, read, view)]


def everywhere(length: int, count: int, view: ViewSettings) -> list[Interval]:
    """So many segments from all over a series: all of it, in means where these are shown, else bins far apart."""
    if view.view != "letters":
        count = max(1, min(count, length // LEAST_STEPS))
        return list(pairwise(length * place // count for place in range(count + 1)))
    steps = span(length, view.bins)
    bins = -(-length // steps)
    count = min(count, bins)
    chosen = [(2 * place + 1) * bins // (2 * count) for place in range(count)]
    return [(place * steps, min(length, (place + 1) * steps)) for place in chosen]
