"""The one grammar of a controller's turn, for the session and for the reward, and its format score F.

    turn      := <think> any text </think> (retrieve | accept)
    retrieve  := <tool_call>{"name": "timeseries_zoom_in_tool", "arguments": {"ts_seg": [start, end]}}</tool_call>
    accept    := <answer>ACCEPT</answer>

A segment is half open, ``0 <= start < end`` and ``start`` below the length of the series; one that ends behind the
series is cut. ARTIST's reference code has a laxer grammar (``strict=False``): tags in any case and anywhere, the first
of several blocks, a tool call before an answer beside it, ``ACCEPT`` somewhere in the answer, and numbers that are cut
to integers.

F of a turn starts at 1; a turn that decides nothing has -1, and so does a session with a turn below 0. F of a session
is the mean over its turns.

    strict             -0.5 where the turn is not in form to the letter, -0.5 for a segment that ends behind the series,
                       0 for a last turn that is no ACCEPT
    paper, released    -0.5 without a think section, -0.3 with several; -0.5 for a tool call beside an answer; -0.5 for
                       several of either; -0.1 for ACCEPT with other words; -0.5 for a segment that ends behind the
                       series. ``released``, as the code does it, looks at a tool call before the last turn only, and at
                       ACCEPT in the last one only.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recipes.artist.question import Interval
from recipes.artist.segments import clamp
from src.tasks.choice.answer import MAX_CHARS
from src.tasks.sections import read_sections

TOOL, ARGUMENT, ACCEPT = "timeseries_zoom_in_tool", "ts_seg", "ACCEPT"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a controller's turn decides: a segment to read, to accept, or nothing.

    Args:
        segment: to read, as it was written: its end may lie behind the series.
        accepts: the last answer.
        problem: why the turn decides nothing; None when it does.
    """

    segment: Interval | None = None
    accepts: bool = False
    problem: str | None = None


def read_decision(text: object, length: int, *, may_accept: bool = True, strict: bool = True) -> Decision:
    """Read a turn; never raises.

    Args:
        length: of the series, in steps.
        may_accept: whether there is an answer that could be accepted; none is in the first round.
    """
    if not isinstance(text, str) or len(text) > MAX_CHARS:
        return Decision(problem="the turn is no text of usable length")
    found = _sections if strict else blocks
    calls, answers = found(text, "tool_call"), found(text, "answer")
    if strict and calls and answers:
        return Decision(problem="the turn both retrieves and answers")
    if calls:
        return _read_call(calls[0], length, strict)
    if not answers:
        return Decision(problem="there is neither a tool call nor an answer")
    accepts = answers[0].strip() == ACCEPT if strict else _has_accept(answers[0])
    if not accepts:
        return Decision(problem=f"the answer is not {ACCEPT}")
    return Decision(accepts=True) if may_accept else Decision(problem="there is no answer yet to accept")


def blocks(text: str, name: str) -> list[str]:
    """What stands between the tags ``<name>`` and ``</name>``, in any case, from an opening one to the next closing."""
    found, start = [], None
    for tag in re.finditer(f"<(/?){re.escape(name)}>", text, re.IGNORECASE):
        if not tag.group(1):
            start = tag.end() if start is None else start
        elif start is not None:
            found.append(text[start : tag.start()])
            start = None
    return found


def format_score(turns: Sequence[str], length: int, preset: str = "strict", *, accepts_at_once: bool = False) -> float:
    """F of a session, from -1 to 1: the mean of its turns' scores, and -1 where one of them is out of form.

    Args:
        turns: of the controller, in order.
        length: of the series, in steps.
        preset: ``strict``, ``paper`` or ``released``.
        accepts_at_once: there is an answer before the first turn.
    """
    scores = turn_scores(turns, length, preset, accepts_at_once=accepts_at_once)
    return -1.0 if not scores or min(scores) < 0 else sum(scores) / len(scores)


def turn_scores(
    turns: Sequence[str], length: int, preset: str = "strict", *, accepts_at_once: bool = False
) -> list[float]:
    """The score of each turn, from -1 to 1; arguments as of ``format_score``."""
    scores = []
    for number, text in enumerate(turns):
        last = number == len(turns) - 1
        if preset == "strict":
            scores.append(_strict(text, length, last, accepts_at_once or number > 0))
        else:
            scores.append(_table(text, length, last, released=preset == "released"))
    return scores


def _strict(text: str, length: int, last: bool, may_accept: bool) -> float:
    decision = read_decision(text, length, may_accept=may_accept)
    if decision.problem is not None:
        return -1.0
    if last and not decision.accepts:
        return 0.0
    name = "answer" if decision.accepts else "tool_call"
    score = 1.0 if read_sections(text, ("think", name)).well_formed else 0.5
    return score - 0.5 * (decision.segment is not None and decision.segment[1] > length)


def _table(text: object, length: int, last: bool, released: bool) -> float:
    """The reference's table (``artist/controller_reasoner_rewards.py``)."""
    if not isinstance(text, str) or len(text) > MAX_CHARS:
        return -1.0
    thoughts, calls, answers = (blocks(text, name) for name in ("think", "tool_call", "answer"))
    if not calls and not answers:
        return -1.0
    score = 1.0
    score -= 0.5 if not thoughts else 0.3 * (len(thoughts) > 1)
    score -= 0.5 * bool(calls and answers) + 0.5 * (len(calls) > 1) + 0.5 * (len(answers) > 1)
    if answers and (last if released else not calls):
        if not _has_accept(answers[0]):
            return -1.0
        score -= 0.1 * (answers[0].strip().upper() != ACCEPT)
    if calls and not (last and released):
        segment = _read_call(calls[0], length, strict=False).segment
        if segment is None:
            return -1.0
        score -= 0.5 * (segment[1] > length)
    return max(-1.0, score)


def _sections(text: str, name: str) -> list[str]:
    """The section of this name that stands there once, and not in another one."""
    texts = read_sections(text, ("think", "tool_call", "answer")).texts
    return [texts[name]] if name in texts else []


def _has_accept(answer: str) -> bool:
    return re.search(rf"\b{ACCEPT}\b", answer, re.IGNORECASE) is not None


def _read_call(body: str, length: int, strict: bool) -> Decision:
    try:
        call: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Decision(problem="the tool call is no JSON")
    arguments = call.get("arguments") if isinstance(call, dict) else None
    if not isinstance(arguments, dict) or call.get("name") != TOOL:
        return Decision(problem=f"the tool call does not call {TOOL}")
    given = arguments.get(ARGUMENT)
    if not isinstance(given, list) or len(given) != 2 or not all(_is_step(one, strict) for one in given):
        return Decision(problem=f"{ARGUMENT} is not two steps")
    if given[0] < 0 or given[1] <= given[0]:
        return Decision(problem=f"{ARGUMENT} is no interval")
    segment = int(given[0]), int(given[1])
    if clamp(segment, length) is None:
        return Decision(problem="the segment lies outside of the series")
    return Decision(segment)


def _is_step(value: Any, strict: bool) -> bool:
    if type(value) is int:
        return True
    return not strict and isinstance(value, float) and math.isfinite(value)
