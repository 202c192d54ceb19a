import numpy as np
import pytest

from recipes.artist.question import Question
from recipes.artist.views import ViewSettings, named, overview, pooled, segment, segments
from src.errors import DataError
from src.tasks.images import check_places


def question(series):
    return Question(np.asarray(series, dtype=np.float64), "Which?", {"A": "x", "B": "y"}, "A")


def test_an_overview_keeps_the_lowest_and_the_highest_of_every_bin():
    low, high = pooled(np.array([3.0, 1.0, 2.0, 9.0, 4.0]), 2)
    assert low.tolist() == [1, 2, 4] and high.tolist() == [3, 9, 4]


@pytest.mark.parametrize(("length", "lines"), [(400, 200), (4000, 250), (256, 256), (257, 129)])
def test_an_overview_has_at_most_the_bins_that_are_asked_for(length, lines):
    text = overview(question(np.arange(length)), ViewSettings()).text
    last = text.splitlines()[-1]
    assert last.startswith("Values: " if length == 256 else "Highest: ")
    assert len(last.split()) - 1 == lines <= 256
    assert f"lowest 0, highest {length - 1}." in text


def test_a_segment_has_all_its_values_or_says_of_how_many_steps_each_is_the_mean():
    asked = question(np.arange(1000.0))
    fine = segment(asked, 0, (0, 4), ViewSettings()).text
    assert fine == "Segment 1: steps [0, 4)\n0 1 2 3"
    coarse = segment(asked, 1, (0, 1000), ViewSettings()).text
    assert coarse.startswith("Segment 2: steps [0, 1000), each value the mean of 4 steps\n2 6 10 ")  # 1.5, 5.5, 9.5
    assert len(coarse.splitlines()[1].split()) == 250


def test_a_flat_series_and_one_far_from_zero_are_shown():
    assert segment(question(np.full(20, 5.0)), 0, (0, 8), ViewSettings()).text.endswith("\n0 0 0 0 0 0 0 0")
    assert overview(question(1e9 + np.arange(300.0)), ViewSettings(view="image")).images


def test_letters_stand_behind_their_values_and_a_segment_may_cut_bins():
    asked, settings = question([*range(9), *([5] * 9), *([1] * 90)]), ViewSettings(view="letters", bins=12)
    assert overview(asked, settings).text.startswith("Highest: 8A5B1C")
    assert segments(asked, [(7, 11)], settings).text == "A: 7h8i\nB: 5a5b"
    assert named(asked, (7, 11), settings) == "AB" and named(asked, (9, 18), settings) == "B"
    with pytest.raises(DataError, match="more than letters can name"):
        segments(question(np.zeros(400)), [(0, 9)], settings)


def test_plots_have_their_places():
    asked, settings = question(np.sin(np.arange(600) / 9)), ViewSettings(view="image", bins=64)
    whole, parts = overview(asked, settings), segments(asked, [(0, 90), (300, 310)], settings)
    for shown, count in ((whole, 1), (parts, 2)):
        assert len(shown.images) == count and all(image.startswith(b"\x89PNG") for image in shown.images)
        check_places([{"role": "user", "content": shown.text}], shown.images)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [({"view": "sound"}, "view.view"), ({"bins": 300}, "bins"), ({"segment_values": 7}, "segment_val")],
)
def test_settings_that_cannot_be_shown_are_refused(wrong, key):
    with pytest.raises(DataError, match=key):
        ViewSettings(**wrong)
