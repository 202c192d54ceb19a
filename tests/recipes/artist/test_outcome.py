"""What a session is worth without its reliability, and turn by turn."""

import pytest
from artist_play import DONE, answer, played, question, zoom

from recipes.artist.outcome import outcome
from recipes.artist.reward import Settings
from recipes.artist.session import SessionSettings
from recipes.artist.views import ViewSettings


def test_a_single_answer_stands_for_the_reliability() -> None:
    said = [answer("B"), answer("A"), answer("A"), answer("A")]  # the session's own is right, and no other
    session, _ = played(question(), [zoom(20, 40), DONE], said, answers=4)
    paid, alone = (outcome(session, Settings(reliable=reliable)) for reliable in (True, False))
    assert paid.reliability == alone.reliability == 0.25  # what is recorded of it stays what it is
    assert (paid.controller["reliability"], alone.controller["reliability"]) == (0.75, 3.0)
    assert paid.turns == [paid.controller] * 2


def test_each_turn_is_paid_for_the_answer_that_stands_after_it() -> None:
    turns = Settings(trajectory=False)
    session, _ = played(question(), [zoom(60, 80), zoom(20, 40), DONE], [answer("A"), answer("B")])
    assert [one["reliability"] for one in outcome(session, turns).turns] == [0.0, 3.0, 3.0]
    assert [one["score"] for one in outcome(session, turns).turns] == pytest.approx([0.9, 3.9, 3.9])

    lost, _ = played(question(), [zoom(20, 40), "no decision"], [answer("B")])
    assert [one["score"] for one in outcome(lost, turns).turns] == pytest.approx([3.9, -1.0])

    short = SessionSettings(max_rounds=1)
    used_up, _ = played(question(), [zoom(20, 40)], [answer("B")], short)
    assert [one["reliability"] for one in outcome(used_up, turns).turns] == [3.0]

    nothing, _ = played(question(), ["no decision"], [])
    assert [one["score"] for one in outcome(nothing, turns).turns] == [-1.0]

    view = ViewSettings(bins=16, include_full_series=True)
    first, _ = played(question(), [zoom(20, 40), DONE], [answer("A"), answer("B")], view=view)
    assert [one["reliability"] for one in outcome(first, turns).turns] == [3.0, 3.0]
