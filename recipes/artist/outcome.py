"""What a session that has ended is worth: its rewards, and what is counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recipes.artist.reward import Settings, controller_reward, reasoner_reward, turn_rewards
from recipes.artist.roles import CONTROLLER, REASONER
from recipes.artist.segments import coverage, precision, recall
from recipes.artist.session import Session
from src.tasks.path import Path
from src.tasks.path import Said as Turn


@dataclass(frozen=True)
class Outcome:
    """Of one session.

    Args:
        reliability: D, the share of right answers among those from the final segments; 0 where there is none.
        controller: the reward's terms, of the session.
        turns: of each turn of the controller: the session's, or its own where the reward is without ``trajectory``.
        reasoner: of each final answer.
    """

    reliability: float
    controller: Mapping[str, float]
    turns: list[Mapping[str, float]]
    reasoner: list[dict[str, float]]


def outcome(session: Session, settings: Settings, *, step: int = 0, max_rounds: int = 5) -> Outcome:
    """Both rewards.

    Args:
        step: of the optimizer, from 0.
    """
    question = session.question
    reasoner = [reasoner_reward(one.text, question.options, question.truth, settings) for one in session.final]
    reliability = sum(one["acc"] for one in reasoner) / len(reasoner) if reasoner else 0.0
    paid = reliability if settings.reliable or not reasoner else reasoner[0]["acc"]
    texts = [turn.text for turn in session.turns]
    more: dict[str, Any] = {"step": step, "max_rounds": max_rounds, "accepts_at_once": session.answered_first}
    controller: Mapping[str, float] = controller_reward(
        texts, session.segments, question.length, paid, settings, **more
    )
    turns = [controller] * len(texts)
    if not settings.trajectory:
        first = len(session.segments[: session.answered_first])
        places = range(first, first + len(texts))
        read = [session.segments[place : place + 1] for place in places]
        right = [_right(session, place, settings) for place in places]
        turns = list(turn_rewards(texts, read, question.length, right, settings, **more))
    return Outcome(reliability, controller, turns, reasoner)


def _right(session: Session, place: int, settings: Settings) -> float:
    """Whether the answer is right that stands after a turn: the one that it brought, or the one that it accepts."""
    if place >= len(session.answers) and not session.accepted:
        return 0.0
    question, answer = session.question, session.answers[min(place, len(session.answers) - 1)]
    return reasoner_reward(answer.text, question.options, question.truth, settings)["acc"]


def counts(session: Session) -> dict[str, float]:
    """What a session did, under the names of metrics; the evidence's two are there where the evidence is known.

    ``session/rounds`` counts calls of the controller, ``session/coverage`` each step that was read once.
    """
    question, segments = session.question, session.segments
    said = [one.completion for one in session.said]
    prompt_tokens = sum(one.prompt_tokens for one in said)
    found = {
        "session/rounds": len(session.turns),
        "session/segments": len(segments),
        "session/coverage": coverage(segments, question.length),
        "session/accepted": session.accepted,
        "session/answered": bool(session.answers),
        "session/calls": len(said),
        "session/tokens": sum(one.tokens for one in said),
        "session/prompt_tokens": prompt_tokens,
        "session/cached_frac": sum(one.cached_tokens for one in said) / max(1, prompt_tokens),
        "session/cut_off": any(one.truncated for one in said),
        "session/no_room": session.no_room,
    }
    if question.evidence:
        found["session/recall"] = recall(segments, question.evidence)
        found["session/precision"] = precision(segments, question.evidence)
    return {name: float(value) for name, value in found.items()}


def path(session: Session, found: Outcome) -> Path:
    """The session as the report draws it: what was read in which order, and what was said of it."""
    first = len(session.segments[: session.answered_first])
    said = [Turn(REASONER, one.text) for one in session.answers[:first]]
    for number, turn in enumerate(session.turns):
        segment = session.segments[first + number : first + number + 1]
        said.append(Turn(CONTROLLER, turn.text, segment[0] if segment else None))
        said += [Turn(REASONER, one.text) for one in session.answers[first + number : first + number + 1]]
    if not session.turns:
        said = [Turn(REASONER, one.text) for one in session.answers]
    facts = {"D": found.reliability, f"{CONTROLLER} reward": found.controller["score"]}
    if found.reasoner:
        facts[f"{REASONER} reward"] = found.reasoner[0]["score"]
    question = session.question
    return Path.through(question.series, session.segments, evidence=question.evidence, said=said, facts=facts)
