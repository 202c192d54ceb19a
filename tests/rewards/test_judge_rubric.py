"""The judge without a model: honest advice before everything that only looks like it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import ConfigError
from src.rewards.judge import Judged
from src.rewards.judge_rubric import Rubric
from src.tasks.row import Row

ROW = Row("computers", "", "train", 0, [], "desktop")
THINK = "The load steps to 90 W in the evening, stays there for hours, and the peaks are sharp and frequent."
HONEST = (
    "Watch the evening peaks of this desktop for a week; if the 90 W level lasts beyond 6 hours, switch it off "
    "by a timer and compare the daily load with the month before."
)


def score(text: str, think: str = THINK, **settings: object) -> float:
    judged = Judged(ROW, text, "extension", {"think": think, "class": "desktop", "extension": text})
    verdict = asyncio.run(Rubric(settings).judge(judged))
    assert verdict.score is not None
    assert "length" in verdict.words and "concrete" in verdict.words
    return verdict.score


def test_honest_advice_has_it_all() -> None:
    assert score(HONEST) == 1.0


@pytest.mark.parametrize(
    "attack",
    [
        ".", "desktop", "check", "good good good good good good good good good good good good good",
        "check the level " * 40, THINK, THINK + " " + THINK, "It is what it is.", "desktop " * 500,
        "Further tests are needed.", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "\u0000" * 50, "? ! ; : ,",
        "the of and to in is it on at by for as be or an this that with from not are was",
    ],
)  # fmt: skip
def test_what_only_looks_like_advice_is_worth_less(attack: str) -> None:
    assert score(attack) <= 0.81 < score(HONEST)


def test_what_it_looks_at_is_what_it_says() -> None:
    rubric = Rubric({})
    parts = rubric.parts(Judged(ROW, "check check check", "extension", {"think": THINK, "class": "desktop"}))
    assert parts == {
        "length": pytest.approx(1 / 12),
        "variety": 0.0,
        "own": 1.0,
        "grounded": 0.0,
        "concrete": 0.5,
    }
    for text, own in ((THINK, 0.0), (f"{THINK} Indeed", 1 / 19), (HONEST, 1.0)):
        judged = Judged(ROW, text, "extension", {"think": THINK, "extension": text})
        assert rubric.parts(judged)["own"] == pytest.approx(own)


def test_what_is_over_the_length_counts_against_it() -> None:
    words = " ".join(f"word{n}" for n in range(180))
    assert Rubric({}).parts(Judged(ROW, words))["length"] == pytest.approx(0.5)
    assert score(" ".join(f"word{n}" for n in range(300))) == 0.0


def test_short_answers_may_be_asked_for() -> None:
    assert score("watch the peaks daily", least_words=4, grounded_words=1) == 1.0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"least_words": 0}, "least_words=0 must be a whole number from 1"),
        ({"most_words": 5}, "most_words=5 is below least_words=12"),
        ({"grounded_words": 1.5}, "grounded_words=1.5 must be"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Rubric(settings)


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_has_a_score_and_always_the_same(text: str, think: str) -> None:
    first = score(text, think)
    assert 0.0 <= first <= 1.0
    assert score(text, think) == first
