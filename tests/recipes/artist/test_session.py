"""A session round by round: who is asked what, how often, and how it ends."""

from typing import Any

import pytest
from artist_play import DONE, VIEW, answer, completion, played, question, zoom
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.artist.outcome import counts, outcome, path
from recipes.artist.reward import Settings
from recipes.artist.session import RoleSettings, SessionSettings, converse, everywhere, longest_prompts
from recipes.artist.views import ViewSettings
from src.errors import DataError

N = 4
LETTERS = ViewSettings("letters", bins=12, segment_values=10)


def roles(batches: list[list[Any]]) -> list[tuple[str, int]]:
    return [(batch[0].role, len(batch)) for batch in batches]


@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_a_session_of_r_rounds_calls_the_controller_r_plus_1_times_and_the_reasoner_r_plus_n_minus_1(
    rounds: int,
) -> None:
    turns = [zoom(10 * place, 10 * place + 10) for place in range(rounds)]
    session, batches = played(question(), [*turns, DONE], lambda call: answer("B"), answers=N)
    assert session.accepted and session.problem is None
    assert len(session.turns) == rounds + 1 and len(session.answers) + N - 1 == rounds + N - 1
    assert roles(batches) == [
        *([("controller", 1), ("reasoner", 1)] * rounds),
        ("controller", 1),
        ("reasoner", N - 1),  # together
    ]
    assert len(session.said) == 2 * rounds + N
    draws = {(call.role, call.turn, call.draw) for batch in batches for call in batch}
    assert len(draws) == 2 * rounds + N  # nothing is asked for twice
    assert {(call.messages[-1]["content"], call.images) for call in batches[-1]} == {
        (session.answers[-1].call.messages[-1]["content"], ())
    }


def test_whoever_is_asked_sees_what_is_theirs() -> None:
    session, batches = played(question(), [zoom(20, 40), zoom(90, 95), DONE], [answer("A"), answer("B")])
    first, reasoner, second, again, last = (batch[0].messages[-1]["content"] for batch in batches)
    assert "Segment 1" not in first and "Segment 1: steps [20, 40)" in second and answer("A") in second
    assert "Segment 1: steps [20, 40)" in reasoner and "Overview" not in reasoner and answer("A") not in again
    assert "Segment 2: steps [90, 98)" in again  # widened to eight steps
    assert answer("B") in last and answer("A") not in last
    assert session.segments == [(20, 40), (90, 98)]
    assert [one.text for one in session.final] == [answer("B")]


def test_who_never_accepts_keeps_the_last_answer() -> None:
    session, batches = played(
        question(), [zoom(0, 10)] * 3, [answer("A"), answer("A"), answer("B")], SessionSettings(max_rounds=3)
    )
    assert not session.accepted and session.problem is None and session.final[0].text == answer("B")
    assert len(batches) == 6
    assert session.segments == [(0, 10)] * 3


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        (zoom(50, 20), "no interval"),
        (zoom(100, 110), "outside of the series"),
        ("hm", "neither a tool call nor an answer"),
        ("x" * 10**6, "no text of usable length"),
    ],
)
def test_a_turn_that_decides_nothing_ends_the_session(turn: str, problem: str) -> None:
    session, batches = played(question(), [turn], [], answers=N)
    assert problem in (session.problem or "") and not session.final and len(batches) == 1  # not tried again
    found = outcome(session, Settings())
    assert found.controller["score"] == -1.0 and found.reliability == 0.0 and found.reasoner == []

    session, batches = played(question(), [zoom(0, 10), turn], lambda call: answer("B"), answers=N)
    assert problem in (session.problem or "") and len(session.final) == N
    assert roles(batches) == [("controller", 1), ("reasoner", 1), ("controller", 1), ("reasoner", N - 1)]
    assert outcome(session, Settings()).controller["score"] == -1.0


def test_the_first_round_cannot_accept() -> None:
    session, _ = played(question(), [DONE], [])
    assert session.problem == "there is no answer yet to accept"


def test_the_rewards_are_of_the_answers_from_the_final_segments() -> None:
    said = iter([answer("A"), answer("B"), answer("A"), "B", answer("B")])
    session, _ = played(question(), [zoom(0, 10), zoom(20, 30), DONE], lambda call: next(said), answers=N)
    found = outcome(session, Settings())
    assert found.reliability == 0.5  # of the second answer and three more
    assert [one["score"] for one in found.reasoner] == [4.0, 1.0, -1.0, 4.0]
    assert found.controller["score"] == pytest.approx(1.5 - 0.3 + 1.0)


def test_what_is_counted() -> None:
    session, _ = played(question(), [zoom(20, 30), zoom(25, 50), DONE], [answer("A"), answer("B")])
    found = counts(session)
    assert found["session/rounds"] == 3 and found["session/segments"] == 2 and found["session/calls"] == 5
    assert found["session/coverage"] == 0.3 and found["session/recall"] == 1.0
    assert found["session/precision"] == pytest.approx(20 / 30)
    unknown, _ = played(question(evidence=()), [DONE], [])
    assert set(found) - set(counts(unknown)) == {"session/recall", "session/precision"}


def test_with_the_whole_series_first_the_reasoner_answers_before_the_controller() -> None:
    view = ViewSettings(include_full_series=True)
    session, batches = played(question(), [DONE], [answer("B")], view=view)
    assert roles(batches) == [("reasoner", 1), ("controller", 1)]
    assert session.segments == [(0, 100)] and session.accepted
    assert outcome(session, Settings()).controller["score"] == pytest.approx(3.0 - 0.1 + 1.0)


@pytest.mark.parametrize(("policy", "shown"), [("reasoner", "Segment 5"), ("overview", "Overview"), ("blind", "Which")])
def test_without_a_controller_the_reasoner_answers_once(policy: str, shown: str) -> None:
    session, batches = played(question(), [], lambda call: answer("B"), SessionSettings(policy), answers=N)
    assert roles(batches) == [("reasoner", 1), ("reasoner", N - 1)] and not session.turns
    assert shown in batches[0][0].messages[-1]["content"]
    assert counts(session)["session/coverage"] == (1.0 if policy == "reasoner" else 0.0)


def test_the_whole_series_has_room_in_as_many_values_as_a_session_reads() -> None:
    assert everywhere(1000, 4, VIEW) == [(0, 250), (250, 500), (500, 750), (750, 1000)]
    assert everywhere(17, 5, VIEW) == [(0, 8), (8, 17)]
    assert everywhere(108, 2, LETTERS) == [(27, 36), (81, 90)]  # bins, where nothing is averaged
    assert len(everywhere(108, 50, LETTERS)) == 12


def test_letters_show_no_means_so_that_long_segments_are_cut() -> None:
    asked = question(108, series=question(108).series.round() + 5)
    session, _ = played(asked, [zoom(9, 108), DONE], [answer("B")], view=LETTERS)
    assert session.segments == [(9, 19)]


def test_a_prompt_without_room_ends_the_session_with_what_it_has() -> None:
    full = completion("", problem="the prompt fills the model's context")
    for said, segments, answers in (
        ([full], [], []),
        ([completion(zoom(0, 10)), full], [], []),
        ([completion(zoom(0, 10)), completion(answer("A")), full], [(0, 10)], [answer("A")]),
        ([completion(one) for one in (zoom(0, 10), answer("A"), zoom(20, 30))] + [full], [(0, 10)], [answer("A")]),
    ):
        conversation = converse(question(), SessionSettings(), VIEW)
        next(conversation)
        with pytest.raises(StopIteration) as end:
            for one in said:
                conversation.send([one])
        session = end.value.value
        assert session.problem == full.problem and session.segments == segments
        assert counts(session)["session/no_room"] == 1.0
        assert [one.text for one in session.final] == answers
        assert all(one.completion.problem is None for one in session.said)  # all of it is something to train on


def test_the_report_sees_who_said_what_in_which_order() -> None:
    session, _ = played(question(), [zoom(20, 40), zoom(5, 9), DONE], [answer("A"), answer("B")])
    found = path(session, outcome(session, Settings()))
    assert [(one.role, one.segment) for one in found.said] == [
        ("controller", (20, 40)), ("reasoner", None), ("controller", (5, 13)), ("reasoner", None), ("controller", None),
    ]  # fmt: skip
    assert found.segments == [(20, 40), (5, 13)] and found.evidence == ((20, 40),) and found.length == 100
    assert found.facts == {"D": 1.0, "controller reward": pytest.approx(3.7), "reasoner reward": 4.0}
    whole, _ = played(
        question(), [zoom(0, 8), DONE], lambda call: answer("B"), view=ViewSettings(include_full_series=True)
    )
    assert [one.role for one in path(whole, outcome(whole, Settings())).said] == [
        "reasoner", "controller", "reasoner", "controller",
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.integers(8, 60),
    st.lists(
        st.tuples(st.integers(-3, 70), st.integers(-3, 70)).map(lambda one: zoom(*one)) | st.just(DONE), max_size=6
    ),
)
def test_whatever_is_asked_for_segments_lie_in_the_series(length: int, turns: list[str]) -> None:
    asked = question(length, evidence=((0, 8),))
    session, batches = played(asked, [*turns, DONE, DONE, DONE, DONE, DONE], lambda call: answer("A"), answers=2)
    assert all(0 <= start < end <= length and end - start >= 8 for start, end in session.segments)
    assert len(session.turns) <= 5 and len(session.answers) == len(session.segments)
    longest = [len(messages[-1]["content"]) for messages, _ in longest_prompts(asked, SessionSettings(), VIEW)]
    for batch in batches:
        assert len(batch[0].messages[-1]["content"]) <= max(longest)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"policy": "both"}, "dataset.session.policy is 'both': set it to session, reasoner"),
        ({"max_rounds": 0}, "dataset.session.max_rounds is 0"),
        ({"answers": 0}, "dataset.session.answers is 0"),
        ({"controller": RoleSettings(-1.0)}, "dataset.session.controller.temperature is -1.0"),
        ({"reasoner": RoleSettings(1.0, 0)}, "dataset.session.reasoner.max_tokens is 0"),
    ],
)
def test_settings_of_no_use_are_named(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        SessionSettings(**given)
