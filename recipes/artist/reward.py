"""The rewards of ARTIST (arXiv 2602.18645): one for a session's controller, one for each answer of its reasoner.

    D      = share of right answers among N that the reasoner samples from the final segments      the reliability
    R_ctl  = w_D * D + w_F * F - lambda * pen(K) + b * max(0, 1 - t / T) * 1[2 <= U <= 4] + w_X * X     or ``error``
             where F < 0
    R_rsn  = w_c * C + w_E * E      or -1 where there is no answer

F is a session's format score (``recipes.artist.decision``), K its controller calls, U its different segments, X whether
one of them is less than the whole series, t the optimizer step; C whether the answer is right, E its form.

    strict    C by ``recipes.artist.answer``; E: 1 in form to the letter, else 0.5.
    paper     C the same; E by the reference's table. No K, U or X; ``error`` is -1.
    released  The code's values, defects included: any answer that starts with the word a, b, c or d is that letter
              ("A dog" is "A cat", "a rising trend" is A), E and F options have to be the letter alone, the last of two
              answers counts, a session that never accepts has full marks for its form. ``error`` is -2.

Two switches are the paper's ablations. ``reliable: false``: whether the session's own answer is right stands for D.
``trajectory: false``: each turn of the controller earns R_ctl of its own, with its own form and cost and, for D,
whether the answer is right that stands after it.

``compute_score`` scores an answer alone, as ``python -m src.rewards`` does; the agent loop calls the others. None
raises on a response.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recipes.artist.answer import read_answer
from recipes.artist.decision import blocks, format_score, turn_scores
from recipes.artist.question import Interval
from src.errors import ConfigError
from src.rewards.settings import check_number, settings_of
from src.tasks.choice.answer import MAX_CHARS
from src.tasks.task import Task

PRESETS = ("strict", "paper", "released")
NO_ANSWER = -1.0
_LEAST, _MOST = 2, 4  # different segments that exploring is paid for


@dataclass(frozen=True, slots=True)
class Settings:
    """What a preset leaves open; ``conf/reward/artist*.yaml`` have each preset's values.

    Args:
        reliability, accuracy, format: the weights w_D, w_c, and w_F = w_E.
        rounds: lambda, per controller call.
        rounds_growth: pen(K): ``linear`` (K), ``quadratic`` (K^2) or ``exponential`` (exp(K / max_rounds) - 1).
        exploration, exploration_steps: b and T.
        zoom: w_X.
        error: what a session earns whose turns are not in form.
        reliable: false: a single answer stands for D.
        trajectory: false: each turn is paid by itself (``turn_rewards``).
    """

    preset: str = "strict"
    reliability: float = 3.0
    accuracy: float = 3.0
    format: float = 1.0
    rounds: float = 0.1
    rounds_growth: str = "linear"
    exploration: float = 0.0
    exploration_steps: int = 300
    zoom: float = 0.0
    error: float = -1.0
    reliable: bool = True
    trajectory: bool = True

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ConfigError(f"unknown reward preset {self.preset!r}; known are {', '.join(PRESETS)}")
        if self.rounds_growth not in _GROWTH:
            raise ConfigError(f"reward setting rounds_growth={self.rounds_growth!r}: set it to {', '.join(_GROWTH)}")
        for name in ("reliability", "accuracy", "format", "rounds", "exploration", "zoom"):
            check_number(name, getattr(self, name), 0, 1e6)
        for name in ("reliable", "trajectory"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"reward setting {name}={getattr(self, name)!r} must be true or false")
        check_number("exploration_steps", self.exploration_steps, 1, 1e9)
        check_number("error", self.error, -1e6, 0)


_GROWTH = {
    "linear": lambda calls, _: calls,
    "quadratic": lambda calls, _: calls**2,
    "exponential": lambda calls, most: math.exp(calls / most) - 1,
}


def controller_reward(
    turns: Sequence[str],
    segments: Sequence[Interval],
    length: int,
    reliability: float,
    settings: Settings,
    *,
    step: int = 0,
    max_rounds: int = 5,
    accepts_at_once: bool = False,
) -> dict[str, float]:
    """R_ctl of a session.

    Args:
        turns: what the controller said.
        segments: that were read, in order.
        length: of the series.
        reliability: D.
        step: t, from 0.
        accepts_at_once: the reasoner has answered before the first turn.

    Returns:
        ``score``, and the weighted terms that it is the sum of.
    """
    form = format_score(turns, length, settings.preset, accepts_at_once=accepts_at_once)
    return _controller(form, reliability, _cost(len(turns), max_rounds, settings), segments, length, step, settings)


def turn_rewards(
    turns: Sequence[str],
    segments: Sequence[Sequence[Interval]],
    length: int,
    right: Sequence[float],
    settings: Settings,
    *,
    step: int = 0,
    max_rounds: int = 5,
    accepts_at_once: bool = False,
) -> list[dict[str, float]]:
    """R_ctl of each turn by itself, in place of the session's; the other arguments are those of ``controller_reward``.

    Args:
        segments: that each turn has had read.
        right: whether the answer is right that stands after each turn.
    """
    scores = turn_scores(turns, length, settings.preset, accepts_at_once=accepts_at_once)
    costs = [_cost(number, max_rounds, settings) for number in range(len(turns) + 1)]
    return [
        _controller(form, one, costs[number + 1] - costs[number], own, length, step, settings)
        for number, (form, one, own) in enumerate(zip(scores, right, segments, strict=True))
    ]


def _cost(calls: int, max_rounds: int, settings: Settings) -> float:
    return settings.rounds * float(_GROWTH[settings.rounds_growth](calls, max_rounds))


def _controller(
    form: float,
    reliability: float,
    cost: float,
    segments: Sequence[Interval],
    length: int,
    step: int,
    settings: Settings,
) -> dict[str, float]:
    """The formula: the score and its weighted terms."""
    terms = dict.fromkeys(("reliability", "format", "rounds", "exploration", "zoom"), 0.0)
    if form < 0:
        terms["format"] = settings.error
    else:
        unique, left = len(set(segments)), max(0.0, 1 - step / settings.exploration_steps)
        terms = {
            "reliability": settings.reliability * reliability,
            "format": settings.format * form,
            "rounds": -cost,
            "exploration": settings.exploration * left * (_LEAST <= unique <= _MOST),
            "zoom": settings.zoom * any(start > 0 or end < length - 2 for start, end in segments),
        }
    return {"score": sum(terms.values()), **terms}


def reasoner_reward(
    response: object, options: Mapping[str, str], truth: object, settings: Settings
) -> dict[str, float]:
    """R_rsn of an answer.

    Args:
        options: letter -> text.
        truth: the right letter.

    Returns:
        ``score``; the weighted terms ``accuracy`` and ``format`` that it is the sum of; ``acc``, 1 for a right answer;
        ``valid``, whether it names an option by the project's grammar.
    """
    choice = read_answer(response, options)
    if settings.preset == "strict":
        right, form = choice.letter == truth, 1.0 if choice.well_formed else 0.5
        answered = choice.answered
    else:
        answer, form = _table(response)
        answered = bool(answer)
        right = _plain(answer) == _plain(str(truth)) if settings.preset == "released" else choice.letter == truth
    right = right and answered
    accuracy, form = (settings.accuracy * right, settings.format * form) if answered else (0.0, NO_ANSWER)
    valid = float(choice.letter is not None)
    return {"score": accuracy + form, "accuracy": accuracy, "format": form, "acc": float(right), "valid": valid}


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, float]:
    """Score one answer of the reasoner.

    Args:
        data_source: not used; the same reward serves all datasets.
        extra_info: ``options``, letter -> text.
        settings: fields of ``Settings``.

    Raises:
        ConfigError: a setting that does not exist or is out of range.
    """
    given = extra_info.get("options") if isinstance(extra_info, Mapping) else None
    options = dict(given) if isinstance(given, Mapping) else {}
    return reasoner_reward(solution_str, options, ground_truth, read_settings(settings))


def admit_settings(task: Task, given: Mapping[str, Any]) -> None:
    """Refuse settings that there are not; ``src.rewards.belonging`` calls it before anything starts.

    Raises:
        ConfigError: with what to change.
    """
    read_settings(given)


def read_settings(given: Mapping[str, Any]) -> Settings:
    """The settings of ``reward.custom_reward_function.reward_kwargs``.

    Raises:
        ConfigError: one that does not exist or is out of range.
    """
    return settings_of(Settings, given)


def _table(response: object) -> tuple[str, float]:
    """The last answer outside of the reasoning, and the form of an answer, as the published code has them."""
    if not isinstance(response, str) or len(response) > MAX_CHARS:
        return "", 0.0
    thoughts = blocks(response, "think")
    outside = _outside(response)
    answers = blocks(outside, "answer")
    hidden = any(re.search("<answer>", one, re.IGNORECASE) for one in thoughts)
    form = 1.0 - 0.5 * (len(thoughts) != 1) - 0.5 * hidden - 0.5 * (len(answers) > 1)
    return (answers[-1].strip() if answers else ""), max(0.0, form)


def _outside(response: str) -> str:
    """A response without its think sections."""
    kept, end = [], 0
    opened: int | None = None
    for tag in re.finditer("<(/?)think>", response, re.IGNORECASE):
        if not tag.group(1) and opened is None:
            opened = tag.start()
        elif tag.group(1) and opened is not None:
            kept.append(response[end:opened])
            opened, end = None, tag.end()
    return "".join([*kept, response[end:]])


def _plain(answer: str) -> str:
    """The published code's norm of an answer: one of the words a to d in front stands for the whole."""
    bare = " ".join(answer.lower().translate(str.maketrans("", "", string.punctuation)).split())
    first = re.match(r"[a-d]\b", bare)
    return first.group() if first else bare
