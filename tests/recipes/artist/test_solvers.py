"""A build refuses questions that a shortcut answers, and those whose answer is not what they say."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recipes.artist import solvers
from recipes.artist.question import Question
from recipes.artist.questions import short
from recipes.artist.views import ViewSettings
from src.errors import DataError

VIEW = ViewSettings(view="letters", bins=12)


def drawn(count: int, change: Any = lambda question: question) -> list[Question]:
    random = np.random.default_rng(0)
    return [change(short.draw(random, short.KINDS[index % 3], VIEW)) for index in range(count)]


def form(**changes: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"measured": short.measured, "twins": short.twins} | changes)


def judge(questions: list[Question], of: Any) -> dict[str, Any]:
    return solvers.judge(questions, of, VIEW, "train", lambda line: None)


def test_what_the_generator_draws_passes_and_its_figures_are_kept() -> None:
    figures = judge(drawn(90), form())
    assert figures["same"]["needed"] == 2 and figures["same"]["chance"] == 0.5
    assert figures["peak"]["rows"] == 30 and sum(figures["peak"]["letters"].values()) == 30


def test_an_answer_that_its_evidence_does_not_give_is_refused() -> None:
    wrong = drawn(3, lambda one: replace(one, truth="B" if one.truth == "A" else "A"))
    with pytest.raises(DataError, match=r"its evidence [ABC]; correct the generator"):
        judge(wrong, form())


def test_an_overview_that_differs_with_the_answer_is_refused() -> None:
    def louder(question: Question, view: ViewSettings) -> dict[str, Any]:
        """The series of one answer have a higher value somewhere."""
        twins = dict(short.twins(question, view))
        twins["A"] = np.where(twins["A"] == 2, 7, twins["A"])
        return twins

    with pytest.raises(DataError, match=r"the overview or the statistics tell A from [ABC]"):
        judge(drawn(6), form(twins=louder))


def test_twins_that_prove_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="twins for"):
        judge(drawn(1), form(twins=lambda question, view: {}))
    same = form(twins=lambda question, view: dict.fromkeys(question.options, question.series))
    with pytest.raises(DataError, match=r"the answer of the twin for [ABC] is another"):
        judge(drawn(1), same)


def test_wording_that_gives_the_answer_away_is_refused() -> None:
    told = drawn(300, lambda one: replace(one, text=f"{one.text} It is {one.truth}."))
    with pytest.raises(DataError, match=r"leaks: solver blind gets 1.000 of 100 questions, its ceiling is 0.333"):
        judge(told, form())
