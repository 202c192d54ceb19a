"""What a session that has ended is worth: its rewards, and what is counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recipes.artist.reward import Settings, controller_reward, reasoner_reward
from recipes.artist.segments import coverage, precision, recall
from recipes.artist.session import CONTROLLER, REASONER, Session
from src.tasks.path import Path
from src.tasks.path import Said as Turn


@dataclass(frozen=True)
class Outcome:
    """Of one session.

    Args:
        reliability: D, the share of right answers among those from the final segments; 0 where there is none.
        controller: the reward's terms, the same for all turns of the session.
        reasoner: of each final answer.
    """

    reliability: float
    controller: Mapping[str, float]
    reasoner: list[dict[str, float]]


def outcome(session: Session, settings: Settings, *, step: int = 0, max_rounds: int = 5) -> Outcome:
    """Both rewards.

    Args:
        step: of the optimizer, from 0.
    """
    question = session.question
    reasoner = [reasoner_reward(one.text, question.options, question.truth, settings) for one in session.final]
    reliability = sum(one["acc"] for one in reasoner) / len(reasoner) if reasoner else 0.0
    controller = controller_reward(
        [turn.text for turn in session.turns],
        session.segments,
        question.length,
        reliability,
        settings,
        step=step,
        max_rounds=max_rounds,
        accepts_at_once=session.answered_first,
    )
    return Outcome(reliability, controller, reasoner)


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
