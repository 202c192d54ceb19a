"""What a generator hands out: one question with a proven answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Item:
    """One accepted question.

    Args:
        task: scenario, causality, forecasting, decision or pricing.
        domain: e.g. retail, east-germany.
        level: difficulty, 1 to 3.
        question: the user message, with series and options.
        options: texts of the options in their order, () for forecasting.
        answer: the letter, or the true values as a tuple.
        oracle: the answer of a solver that sees only the question.
        shortcuts: the answers of named solvers that must not do well.
        rationale: the text inside <think>, every number of it recomputable from the question.
        info: what reward and evaluation need beyond the answer (horizon, history, reference_mae, floor_mae, ...).
    """

    task: str
    domain: str
    level: int
    question: str
    options: tuple[str, ...]
    answer: str | tuple[float, ...]
    oracle: str | tuple[float, ...]
    shortcuts: Mapping[str, str | tuple[float, ...]]
    rationale: str
    info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Size:
    """How long series and rationales are: ``paper`` as published, ``short`` for a model of a million weights."""

    name: str  # paper or short


@dataclass(frozen=True)
class View:
    """A question with something hidden: features, and the letter of each answer.

    The letters are in an order that means the same in every question (such as from the earliest to the latest).
    """

    features: tuple[float, ...]
    letters: tuple[str, ...]


class Generator(Protocol):
    """A module of ``recipes.timeomni1.tasks``.

    It may also have ``RULE_OF_THUMB``, the shortcut solver that may overrule its reasoning, and the words,
    ``independent(question) -> letter``, a second solver that knows nothing of the oracle, and
    ``blind(question) -> View`` with ``HIDDEN``, what the view hides, and ``BLIND_CEILING``: the accuracy that a
    classifier which is trained on such views must stay below.
    """

    NAME: str
    LABELS: tuple[str, ...]  # the labels that get equal quotas; one that is named twice gets two; () for none
    CEILINGS: Mapping[str, float]  # shortcut solver -> accuracy it must stay below, on a build

    def draw(self, seed: int, *, ood: bool, size: Size, want: str | None = None) -> Item | None:
        """One draw; None when it is rejected. want: the label that is still needed, where labels have quotas."""
