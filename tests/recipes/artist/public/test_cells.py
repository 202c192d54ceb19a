"""Series, options and answers as published rows have them."""

import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.artist.public.cells import (
    NotAsked,
    lettered,
    right_letter,
    series_of,
    split_options,
    split_series,
    true_or_false,
)
from src.errors import DataError


@pytest.mark.parametrize("given", [[1, 2.5, 3], [[1, 2.5, 3]], "[1, 2.5, 3]", "[[1, 2.5, 3]]", np.array([1, 2.5, 3])])
def test_a_series_is_read_in_all_its_forms(given: object) -> None:
    assert series_of(given).tolist() == [1.0, 2.5, 3.0]


@pytest.mark.parametrize("given", ["1, 2", "[1, x]", [1, "two"], {"a": 1}, [[1, 2], [3]], ""])
def test_what_is_no_series_is_refused(given: object) -> None:
    with pytest.raises(DataError, match="its series is no list of numbers"):
        series_of(given)


def test_several_series_are_not_asked() -> None:
    with pytest.raises(NotAsked, match="several series"):
        series_of([[1, 2], [3, 4]])
    with pytest.raises(NotAsked, match="several series"):
        split_series("Is [1, 2, 3] above [4, 5, 6]?")


def test_a_series_is_taken_out_of_its_question() -> None:
    text, series = split_series("The data [see note 1] is [1.5, -2e1,\n3]. Does it rise?")
    assert (text, series.tolist()) == ("The data [see note 1] is [the series]. Does it rise?", [1.5, -20.0, 3.0])


def test_a_question_without_a_series_is_refused() -> None:
    with pytest.raises(DataError, match="holds no series in brackets"):
        split_series("Does it rise [1]?")


@pytest.mark.parametrize(
    ("text", "question", "options"),
    [
        ("What trend? A) up B) down", "What trend?", {"A": "up", "B": "down"}),
        ("What trend?\nA. up, then on\nB. down\nC. no\n", "What trend?", {"A": "up, then on", "B": "down", "C": "no"}),
        ("What trend? (A) up (B) down", "What trend?", {"A": "up", "B": "down"}),
        ("Vitamin A. What of it? A: more B: less", "Vitamin A. What of it?", {"A": "more", "B": "less"}),
        ("Pick: A) plan B) plan C", "Pick:", {"A": "plan", "B": "plan C"}),
    ],
)  # fmt: skip
def test_options_are_taken_out_of_their_question(text: str, question: str, options: dict[str, str]) -> None:
    assert split_options(text) == (question, options)


@pytest.mark.parametrize("text", ["Does it rise?", "A) the only one", "B) two C) three", ""])
def test_a_question_without_options_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="holds no options"):
        split_options(text)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(string.ascii_lowercase + " ", min_size=1).filter(str.strip), min_size=2, max_size=11))
def test_options_come_back(options: list[str]) -> None:
    named = lettered(options)
    text = "What is it? " + " ".join(f"{name}) {option}" for name, option in named.items())
    assert split_options(text)[1] == {name: option.strip() for name, option in named.items()}


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (split_options, split_series, series_of, true_or_false, lambda one: right_letter(one, {"A": "x"})):
        try:
            read(text)
        except (DataError, NotAsked):
            continue


@pytest.mark.parametrize(
    "answer", ["B", "(B)", "B) because", "B.", "Answer: B", "The correct answer is: B) down", "down", "Down."]
)
def test_an_answer_names_its_option(answer: str) -> None:
    assert right_letter(answer, {"A": "up", "B": "down", "C": "B or so"}) == "B"


@pytest.mark.parametrize("answer", ["a rising trend", "b) no", "D", "Because", "", "up and down"])
def test_an_answer_outside_the_options_is_refused(answer: str) -> None:
    with pytest.raises(DataError, match="is not one of the options"):
        right_letter(answer, {"A": "up", "B": "down"})


def test_an_answer_that_two_options_have_is_refused() -> None:
    with pytest.raises(DataError, match="is not one of the options"):
        right_letter("up", {"A": "up", "B": "up"})


@pytest.mark.parametrize(
    ("answer", "letter"), [("True", "A"), ("T", "A"), (True, "A"), ("**False**, it falls", "B"), ("answer: f", "B")]
)
def test_true_and_false_are_letters(answer: object, letter: str) -> None:
    assert true_or_false(answer) == letter


@pytest.mark.parametrize("answer", ["Truly", "yes", "", None, 1])
def test_what_is_neither_true_nor_false_is_refused(answer: object) -> None:
    with pytest.raises(DataError, match="is neither true nor false"):
        true_or_false(answer)


def test_more_options_than_letters_are_refused() -> None:
    with pytest.raises(DataError, match="longer than the alphabet"):
        lettered(["x"] * 27)
    with pytest.raises(DataError, match="no list of options"):
        lettered("AB")
