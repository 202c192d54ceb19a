"""The judge that needs no model: a rubric over the words of a text, the same for the same text everywhere.

It looks at five things, each from 0 to 1, and gives their mean:

    length     at least ``least_words`` words, and no more than ``most_words``: what is over counts against it
    variety    distinct words: one that is said again and again is one word
    own        what is not taken over from the reasoning, by runs of three words
    grounded   words of the reasoning or of the named class that it takes up, ``grounded_words`` of them
    concrete   something to do (a verb of ``actions``) and something that says how much or when (a number, or a word of
               ``measures``), each the half of it

A text whose length, variety or own is 0 gets 0. It reads words, not sense: it tells advice from padding, not good
advice from bad. An endpoint (``by: endpoint``) does that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from src.errors import ConfigError
from src.rewards.judge import Judge, Judged, Verdict, read_settings

_MOST_CHARS = 20_000
_RUN = 3
_CONTENT = 4  # letters of a word that says something


@dataclass(frozen=True)
class RubricSettings:
    """What the rubric asks for; see the module's docstring. Words are compared by their beginning."""

    least_words: int = 12
    most_words: int = 120
    grounded_words: int = 2
    actions: Sequence[str] = (
        "check", "compare", "confirm", "examine", "inspect", "log", "measur", "monitor", "record", "repeat", "replac",
        "review", "sampl", "schedul", "switch", "test", "track", "watch",
    )  # fmt: skip
    measures: Sequence[str] = (
        "amplitude", "daily", "day", "duration", "frequen", "hour", "level", "minute", "month", "peak", "period",
        "rate", "second", "threshold", "week",
    )  # fmt: skip


class Rubric(Judge):
    """See the module's docstring."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = read_settings(RubricSettings, settings)
        one = self.settings
        for name in ("least_words", "most_words", "grounded_words"):
            if not isinstance(getattr(one, name), int) or getattr(one, name) < 1:
                raise ConfigError(f"{name}={getattr(one, name)} must be a whole number from 1")
        if one.most_words < one.least_words:
            raise ConfigError(f"most_words={one.most_words} is below least_words={one.least_words}: raise it")

    async def judge(self, one: Judged) -> Verdict:
        """The mean of the five parts, which the words name."""
        parts = self.parts(one)
        none = min(parts["length"], parts["variety"], parts["own"]) == 0
        score = 0.0 if none else round(sum(parts.values()) / len(parts), 4)
        return Verdict(score, ", ".join(f"{name} {value:.2f}" for name, value in parts.items()))

    def parts(self, one: Judged) -> dict[str, float]:
        """Each part, from 0 to 1."""
        settings, words = self.settings, _words(one.text)
        others = [_words(text) for name, text in one.sections.items() if name != one.section]
        count = len(words)
        distinct = len(set(words))
        known = {run for some in others for run in _runs(some)}
        runs = _runs(words)
        named = {word for some in others for word in some if len(word) >= _CONTENT or word.isdigit()}
        taken_up = len(named & set(words))
        over = max(0, count - settings.most_words) / settings.most_words
        return {
            "length": max(0.0, min(1.0, distinct / settings.least_words) - over),
            # Half of a text may be the small words of the language.
            "variety": min(1.0, 2.0 * distinct / count) if distinct > 1 else 0.0,
            "own": 1.0 - sum(run in known for run in runs) / len(runs) if runs else 0.0,
            "grounded": min(1.0, taken_up / settings.grounded_words),
            "concrete": 0.5 * _has(words, settings.actions)
            + 0.5 * (_has(words, settings.measures) or any(word.isdigit() for word in words)),
        }


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text[:_MOST_CHARS].lower())


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]


def _has(words: Sequence[str], beginnings: Sequence[str]) -> bool:
    return any(word.startswith(tuple(beginnings)) for word in words)
