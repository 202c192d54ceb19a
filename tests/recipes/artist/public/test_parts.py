"""Parts that are cut off, limited and balanced."""

from collections import Counter

import numpy as np
import pytest

from recipes.artist.public.parts import answers, arranged, balance
from recipes.artist.public.settings import MaxRows, PublicSettings, Shares
from recipes.artist.question import Question
from src.errors import DataError


def _questions(count: int, *, series: int | None = None, rare: int = 4) -> list[Question]:
    """Every ``rare``-th is answered by no."""
    return [
        Question(
            np.random.default_rng(place % (series or count)).normal(size=10),
            f"question {place}",
            {"A": "yes", "B": "no"},
            "AB"[place % rare == 0],
        )
        for place in range(count)
    ]


def _texts(some: list[Question]) -> set[str]:
    return {one.text for one in some}


def test_official_parts_are_kept_and_training_is_shuffled() -> None:
    some = _questions(60)
    parts = {"train": some[:40], "val": some[40:50], "test": some[50:]}
    found = arranged(parts, PublicSettings(), 0, "x", print)
    assert (found["val"], found["test"]) == (parts["val"], parts["test"])
    assert _texts(found["train"]) == _texts(parts["train"])
    assert [one.text for one in found["train"]] != [one.text for one in parts["train"]]
    again = arranged(parts, PublicSettings(), 0, "x", print)
    assert [one.text for one in again["train"]] == [one.text for one in found["train"]]


def test_what_is_missing_is_cut_off_training_by_answer() -> None:
    said: list[str] = []
    found = arranged({"train": _questions(200)}, PublicSettings(split=Shares(0.1, 0.2)), 0, "x", said.append)
    assert balance(found)["test"] == {"no": 10, "yes": 30}
    assert balance(found)["val"] == {"no": 4, "yes": 12}
    assert sum(map(len, found.values())) == len(set.union(*map(_texts, found.values()))) == 200
    assert said[0] == "dataset x: test is 40 of 200 training questions, drawn by class (dataset.split.test=0.2)"


def test_questions_about_one_series_stay_together() -> None:
    found = arranged({"train": _questions(200, series=50, rare=3)}, PublicSettings(), 0, "x", print)
    held = {split: {one.series.tobytes() for one in some} for split, some in found.items()}
    assert not held["train"] & held["test"] and not held["train"] & held["val"] and not held["val"] & held["test"]
    assert len(found["test"]) > 10


def test_a_series_in_several_official_parts_is_said() -> None:
    said: list[str] = []
    some = _questions(20)
    arranged({"train": some, "val": some[:3], "test": _questions(25)[20:]}, PublicSettings(), 0, "x", said.append)
    assert said == ["dataset x: 3 of 3 val questions are about series of training"]


def test_parts_are_limited_and_answers_keep_their_share() -> None:
    settings = PublicSettings(max_rows=MaxRows(train=40, test=8))
    found = arranged({"train": _questions(200)}, settings, 0, "x", print)
    assert balance(found)["train"] == {"no": 10, "yes": 30}
    assert balance(found)["test"] == {"no": 2, "yes": 6}


def test_balanced_training_shows_every_answer_equally_often() -> None:
    found = arranged({"train": _questions(200)}, PublicSettings(balanced=True), 0, "x", print)
    counts = Counter(answers(found["train"]))
    assert counts["yes"] == counts["no"] > 100
    assert balance(found)["test"]["yes"] > balance(found)["test"]["no"]  # only training's


def test_answers_are_letters_where_options_differ() -> None:
    some = _questions(2)
    other = Question(some[0].series, "x", {"A": "up", "B": "down"}, "B")
    assert answers(some) == ["no", "yes"]
    assert answers([*some, other]) == ["B", "A", "B"]


def test_too_few_to_cut_is_one_message() -> None:
    with pytest.raises(DataError, match="no test part can be cut off"):
        arranged({"train": _questions(1)}, PublicSettings(), 0, "x", print)
