"""A judge is a reward term like any other: it scores a part of the answer from 0 to 1, and the term is weight * score.

    reward.judges.<term>:
      by: rubric                 # or endpoint, or the dotted path of a class of your own, derived from Judge
      weight: 0.5                # 0: to watch only; what it says is recorded all the same
      section: extension         # what is judged, of the sections of the answer; null: the whole answer
      sections: [think, class, extension]
      requires: [acc]            # terms of the reward that must be above 0, else the answer is not judged and gets 0
      on_failure: leave_out      # or stop
      boilerplate: []            # phrases that cap the score at boilerplate_cap
      boilerplate_cap: 0.4
      rubric: {...}              # settings of the judge, under the name of ``by``; ``settings`` for a class of yours

Where a judge fails, ``stop`` ends the run. ``leave_out`` takes the term out of the whole group, so that no sibling
gains (``src.training.judged``), and counts it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from src.config.named import load_class
from src.errors import ConfigError, UserError
from src.tasks.row import Row
from src.tasks.sections import read_sections

OWN = {"rubric": "src.rewards.judge_rubric.Rubric", "endpoint": "src.rewards.judge_endpoint.Endpoint"}
ON_FAILURE = ("leave_out", "stop")

S = TypeVar("S")


class JudgeFailureError(Exception):
    """A judge gave no score; the text says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one answer before a judge.

    Args:
        score: from 0 to 1; None: the judge failed.
        words: why, the judge's own; or how it failed.
    """

    score: float | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all judges of a reward said of one answer.

    Args:
        base: the score without their terms.
        verdicts: of each judged term; None where the answer was not to be judged.
    """

    base: float
    verdicts: Mapping[str, Verdict | None]

    def as_text(self) -> str:
        """On its way through veRL's columns."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Judgement:
        """What ``as_text`` wrote."""
        found = json.loads(text)
        said = {name: None if one is None else Verdict(**one) for name, one in found["verdicts"].items()}
        return cls(found["base"], said)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge is shown.

    Args:
        text: what it is to judge.
        section: the name of the section that it is; None: it is the whole answer.
        sections: the answer's, that one among them.
    """

    row: Row
    text: str
    section: str | None = None
    sections: Mapping[str, str] = field(default_factory=dict)


class Judge(ABC):
    """Scores texts. One is made in each process that scores answers; all of its answers share one event loop.

    Args:
        settings: its own, of ``reward.judges.<term>``.

    Raises:
        ConfigError: settings that cannot be used; making one asks nobody.
    """

    @abstractmethod
    def __init__(self, settings: Mapping[str, Any]) -> None: ...

    @abstractmethod
    async def judge(self, one: Judged) -> Verdict:
        """The score of a text that is not empty, and why.

        Raises:
            JudgeFailureError: there is none.
            UserError: there will never be one, such as with a wrong key: the run ends.
        """


@dataclass(frozen=True)
class TermSettings:
    """See the module's docstring."""

    by: str = "rubric"
    weight: float = 0.5
    section: str | None = None
    sections: Sequence[str] = ("think", "answer")
    requires: Sequence[str] = ()
    on_failure: str = "leave_out"
    boilerplate: Sequence[str] = ()
    boilerplate_cap: float = 0.4


class JudgedTerm:
    """One term of the reward, and the judge behind it.

    Args:
        name: the term's.
        node: ``reward.judges.<name>``, as plain containers.

    Raises:
        ConfigError: with the key to change.
    """

    def __init__(self, name: str, node: Mapping[str, Any]) -> None:
        key = f"reward.judges.{name}"
        by = str(node.get("by", TermSettings.by))
        beside = {*OWN, "settings"}
        given = {one: value for one, value in node.items() if one not in beside}
        self.name, self.settings = name, read_settings(TermSettings, given, key)
        own = by if by in OWN else "settings"
        self.stops = self.settings.on_failure == "stop"
        self._check(key)
        judge: type[Judge] = load_class(OWN.get(by, by), Judge, key=f"{key}.by")
        try:
            self.judge = judge(node.get(own) or {})
        except ConfigError as error:
            raise ConfigError(f"{key}.{own}: {error}") from None

    def _check(self, key: str) -> None:
        one = self.settings
        if one.on_failure not in ON_FAILURE:
            raise ConfigError(f"{key}.on_failure={one.on_failure}: choose one of {', '.join(ON_FAILURE)}")
        if not (_is_number(one.weight) and 0 <= one.weight <= 1e6):
            raise ConfigError(f"{key}.weight={one.weight} must be a number from 0 to 1e6")
        if not (_is_number(one.boilerplate_cap) and 0 <= one.boilerplate_cap <= 1):
            raise ConfigError(f"{key}.boilerplate_cap={one.boilerplate_cap} must be a number from 0 to 1")
        for name in ("sections", "requires", "boilerplate"):
            value = getattr(one, name)
            if isinstance(value, str) or not all(isinstance(word, str) and word for word in value):
                raise ConfigError(f"{key}.{name}={value}: give a list of words")
        if one.section is not None and one.section not in one.sections:
            raise ConfigError(f"{key}.section={one.section} is none of the sections {', '.join(one.sections)}")

    async def verdict(self, row: Row, response: str, terms: Mapping[str, float]) -> Verdict | None:
        """Judge one answer; None: it is not one to be judged, and its term is 0.

        Args:
            terms: of the reward function.

        Raises:
            ValueError: ``requires`` names a term that the reward does not have.
            UserError: the judge's.
        """
        for name in self.settings.requires:
            if name not in terms:
                raise ValueError(
                    f"reward.judges.{self.name}.requires names the term {name!r}, which is none of {', '.join(terms)}"
                )
            if not terms[name] > 0:
                return None
        sections = read_sections(response, self.settings.sections).texts
        text = response.strip() if self.settings.section is None else sections.get(self.settings.section, "")
        if not text:
            return None
        try:
            found = await self.judge.judge(Judged(row, text, self.settings.section, sections))
        except JudgeFailureError as failure:
            return Verdict(None, str(failure))
        except UserError:
            raise
        except Exception as error:  # of a class of the user's: to be named, not to be lost
            name = f"{type(self.judge).__module__}.{type(self.judge).__qualname__}"
            raise UserError(
                f"the judge {name} of {self.name} failed: {type(error).__name__}: {error}; it may raise "
                "JudgeFailureError where there is no score"
            ) from error
        return self._capped(text, found)

    def value(self, verdict: Verdict | None) -> float:
        """The term of an answer; 0 where it has no score."""
        return 0.0 if verdict is None or verdict.score is None else self.settings.weight * verdict.score

    def _capped(self, text: str, found: Verdict) -> Verdict:
        score, limit = found.score, self.settings.boilerplate_cap
        if score is None or not 0 <= score <= 1:
            return Verdict(None, f"a score of {score} is not from 0 to 1")
        phrase = next((one for one in self.settings.boilerplate if one.lower() in text.lower()), None)
        if phrase is None or score <= limit:
            return found
        return Verdict(limit, f"{found.words} (capped at {limit}: it says {phrase!r})".strip())


def make_terms(judges: Mapping[str, Mapping[str, Any]] | None) -> list[JudgedTerm]:
    """The judged terms of a reward.

    Args:
        judges: ``reward.judges`` as plain containers; a term that is null is none.

    Raises:
        ConfigError: with the key to change.
    """
    for name, node in (judges or {}).items():
        if node is not None and not isinstance(node, Mapping):
            raise ConfigError(f"reward.judges.{name}={node}: give its settings, or null for no judge")
    return [JudgedTerm(str(name), node) for name, node in (judges or {}).items() if node is not None]


def read_settings(kind: type[S], given: Mapping[str, Any], key: str = "") -> S:
    """Settings as their dataclass.

    Raises:
        ConfigError: one that it does not have.
    """
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            raise ConfigError(f"{f'{key}: ' if key else ''}there is no setting {name!r}; there are {', '.join(known)}")
    return kind(**given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
