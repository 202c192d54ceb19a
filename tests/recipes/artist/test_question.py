import numpy as np
import pytest

from recipes.artist.question import Question, as_row, of_row
from src.errors import DataError
from src.tasks.row import Row

SERIES = np.arange(40.0)
GOOD = {
    "series": SERIES,
    "text": "Where is it?",
    "options": {"A": "here", "B": "there"},
    "truth": "B",
    "kind": "place",
    "needed": 2,
    "evidence": ((0, 8), (32, 40)),
    "about": "In volts.",
}


def test_a_question_comes_back_from_a_rows_columns_and_the_store():
    row = as_row(Question(**GOOD), 1, source="artist", split="val", index=3, messages=[])
    columns = row.columns()
    read = Row.of_columns("artist", columns["reward_model"]["ground_truth"], columns["extra_info"])
    back = of_row(read, [np.zeros(9), SERIES])
    assert (back.text, back.options, back.truth, back.kind) == (
        "Where is it?",
        {"A": "here", "B": "there"},
        "B",
        "place",
    )
    assert (back.needed, back.evidence, back.about) == (2, ((0, 8), (32, 40)), "In volts.")
    np.testing.assert_array_equal(back.series, SERIES)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"series": np.arange(7.0)}, "has 7 steps, fewer than a segment"),
        ({"series": np.array([*range(9), np.nan])}, "step 9 of its series is nan: fill the gap"),
        ({"series": np.zeros((2, 20))}, "shape \\(2, 20\\): give one channel"),
        ({"options": {}}, "has 0 options: give at least two"),
        ({"options": {"A": "x", "bb": "y"}}, "named 'bb'"),
        ({"truth": "C"}, "its label 'C' is none of its options \\(A, B\\)"),
        ({"evidence": ((30, 41),)}, "\\[30, 41\\) is no interval of its 40 steps"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(wrong, said):
    with pytest.raises(DataError, match=said):
        Question(**GOOD | wrong)
