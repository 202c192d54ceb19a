"""The short form: what is asked stands in the days, and nowhere else."""

from collections import Counter

import numpy as np
import pytest

from recipes.artist.questions import short
from recipes.artist.views import ViewSettings, overview, segments

VIEW = ViewSettings(view="letters", bins=12)


@pytest.mark.parametrize("kind", short.KINDS)
def test_every_question_has_one_peak_and_one_dip_in_different_days_and_an_even_answer(kind: str) -> None:
    random, letters = np.random.default_rng(1), Counter()
    for _ in range(300):
        question = short.draw(random, kind, VIEW)
        assert [int((question.series == value).sum()) for value in short.FINDS] == [1, 1, 1, 1]
        assert len(set(short.places(question))) == 4
        assert short.measured(question) == question.truth
        letters[question.truth] += 1
    expected = 300 / len(letters)
    assert all(abs(count - expected) < 4 * expected**0.5 for count in letters.values())


def test_one_segment_of_two_is_worth_nothing() -> None:
    """Whoever has seen the peak's third knows nothing of whether the dip stands in the same."""
    random, seen = np.random.default_rng(2), Counter[tuple[int, str]]()
    for _ in range(1500):
        question = short.draw(random, "same", VIEW)
        seen[short.where(question, 9)[1] // 3, question.truth] += 1
    for third in range(3):
        yes, no = seen[third, "A"], seen[third, "B"]
        assert abs(yes / (yes + no) - 0.5) < 0.1


def test_the_reasoning_says_what_is_in_the_segments_and_answers_only_from_them() -> None:
    question = short.draw(np.random.default_rng(3), "same", VIEW)
    peak, dip = question.evidence
    thought, letter = short.reasoning(question, [peak])
    step = short.where(question, 9)[1]
    assert thought.startswith(f"9{'abcdefghi'[step]}8-0-1-") and "unknown" in thought and letter is None
    assert short.reasoning(question, [dip, peak])[1] == question.truth
    assert f"9{'abcdefghi'[step]}" in segments(question, [peak], VIEW).text


def test_the_controllers_list_is_what_the_overview_shows() -> None:
    question = short.draw(np.random.default_rng(4), "peak", VIEW)
    finds, choice = short.looking(question, short.places(question)[3]).split(": look at ")
    shown = overview(question, VIEW).text
    assert all(finds[place : place + 2] in shown for place in (0, 2, 4, 6))
    assert choice == finds[6:]  # the rival of the dip, digit before name
