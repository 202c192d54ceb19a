"""The long form: what is asked is the order of values in bursts that the overview shows, and that it hides."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from recipes.artist import solvers
from recipes.artist.question import Question
from recipes.artist.questions import long, scene
from recipes.artist.traces import TraceSettings, played
from recipes.artist.views import ViewSettings

VIEW = ViewSettings(bins=32)
ALL = (*long.KINDS, *long.HELD_OUT)


def drawn(kind: str, count: int, view: ViewSettings = VIEW, seed: int = 0) -> list[Question]:
    random = np.random.default_rng([seed, ALL.index(kind)])
    return [long.draw(random, kind, view) for _ in range(count)]


def test_there_are_ten_kinds_two_held_out_and_all_difficulties() -> None:
    assert len(long.KINDS) >= 10 and len(long.HELD_OUT) == 2 and not set(long.KINDS) & set(long.HELD_OUT)
    assert {drawn(kind, 1)[0].needed for kind in long.KINDS} == {1, 2, 3}


@pytest.mark.parametrize("kind", ALL)
def test_a_question_has_its_evidence_its_answer_and_a_twin_for_every_option(kind: str) -> None:
    for question in drawn(kind, 12):
        assert 400 <= question.length <= 4000 and len(set(question.evidence)) == question.needed
        assert set(question.evidence) <= set(long.places(question))
        assert all(len(letter) == 1 for letter in question.options)
        solvers.prove(question, long, VIEW)  # the same overview and statistics whichever option is right


def test_letters_are_even_and_one_of_two_bursts_is_worth_nothing() -> None:
    seen = Counter[tuple[str, str]]()
    for question in drawn("same_move", 400):
        _, begins = long.reasoning(replace(question, evidence=question.evidence), question.evidence)
        assert begins == question.truth
        start, end = question.evidence[0]
        seen["up" if question.series[start:end].argmax() < (end - start) / 2 else "down", question.truth] += 1
    for direction in ("up", "down"):
        yes, no = seen[direction, "A"], seen[direction, "B"]
        assert yes + no > 120 and abs(yes / (yes + no) - 0.5) < 0.15


@pytest.mark.parametrize("bins", [12, 64, 256])
def test_whatever_the_overviews_bins_a_burst_is_one_of_them(bins: int) -> None:
    view = ViewSettings(bins=bins)
    for question in drawn("odd_pace", 4, view):
        start, end = question.evidence[0]
        assert question.length == bins * (end - start) and start % (end - start) == 0
        solvers.prove(question, long, view)


def test_plots_hide_what_numbers_hide() -> None:
    view = ViewSettings(view="image", bins=32)
    for question in drawn("ramp", 2, view):
        solvers.prove(question, long, view)


def test_a_teacher_that_has_seen_all_is_right_and_segments_that_distract_do_no_harm() -> None:
    for kind in ALL:
        for question in drawn(kind, 4):
            everything = long.places(question)
            assert long.reasoning(question, everything)[1] == question.truth
            missing = [one for one in everything if one not in question.evidence]
            thought, letter = long.reasoning(question, missing[:1])
            assert question.needed == 1 or (letter is None and "do not suffice" in thought)


def test_sessions_end_with_accept_after_one_to_four_segments_and_distract_first_in_a_share() -> None:
    random, settings = np.random.default_rng(0), TraceSettings(right=0.5)
    lengths, first = Counter[int](), 0
    for question in drawn("first_move", 60):
        turns = played(question, long, settings, VIEW, random)
        roles = [turn.role for turn in turns]
        assert roles == ["controller", "reasoner"] * (len(turns) // 2) + ["controller"]
        assert turns[-1].answer.endswith("<answer>ACCEPT</answer>")
        assert f"<answer>{question.truth}</answer>" in turns[-2].answer or len(turns) == 9
        lengths[len(turns) // 2] += 1
        first += str(question.evidence[0][0]) not in turns[0].answer
    assert set(lengths) == {1, 2, 3, 4} and 15 < first < 45


def test_names_hold_among_fewer_bursts() -> None:
    question = drawn("first_move", 1)[0]
    everything = long.places(question)
    meant = scene.named(question.series, everything)
    for name, where in meant.items():
        assert scene.named(question.series, [where, *everything[1:3]])[name] == where
