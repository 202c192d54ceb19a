"""The matcher of options: what names one and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.tasks.choice.answer import letters, read_body, read_choice, read_class

CLASSES = ["walking", "walking upstairs", "Sitting"]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("B", "B"), (" b ", "B"), ("B.", "B"), ("b)", "B"), ("B).", "B"),
        ("E", None), ("BB", None), ("A or B", None), ("A, B", None), ("(B", None), ("Option B", None), ("", None),
        (None, None), ("B..", None), ("\uff22", None),
    ],
)  # fmt: skip
def test_a_letter_alone_is_a_choice(text: str | None, chosen: str | None) -> None:
    assert read_choice(text, letters(4)) == chosen


def test_a_class_is_named_in_any_case_and_spacing_and_whole() -> None:
    assert read_choice("Walking  Upstairs.", CLASSES) == "walking upstairs"
    assert read_choice("sitting", CLASSES) == "Sitting"
    assert read_choice("walking up", CLASSES) is None
    assert read_choice("walking, sitting", CLASSES) is None


@pytest.mark.parametrize(
    ("response", "text", "well_formed"),
    [
        ("<think>so</think>\n<answer> B </answer>\n", "B", True),
        ("<answer>B</answer>", "B", False),
        ("<think>so</think> then <answer>B</answer>", "B", False),
        ("<think>so</think><answer>B</answer> done", "B", False),
        ("<think>a<think></think><answer>B</answer>", "B", False),
        ("<think>so</think><answer>A</answer><answer>B</answer>", None, False),
        ("</answer>B<answer>", None, False),
        ("B", None, False),
        ("<think>so</think><answer>" + "B" * 200_000 + "</answer>", None, False),
        (None, None, False),
    ],
)
def test_the_answer_section(response: object, text: str | None, well_formed: bool) -> None:
    body = read_body(response)
    assert (body.text, body.well_formed) == (text, well_formed)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    read_choice(read_body(text).text, letters(4))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("walking", "walking"), ("Walking upstairs", "walking upstairs"), ("WALKING_UPSTAIRS", "walking upstairs"),
        ('"walking"', "walking"), ("'Walking upstairs.'", "walking upstairs"), ("\u201csitting\u201d.", "Sitting"),
        ("`sitting`", "Sitting"), ('"walking', None), ("walking'", None), ('""', None), ('"', None), ("", None),
        ("walking upstair", None), ("walking sitting", None), ("walking, walking upstairs", None), (None, None),
        ("walking or sitting", None), ("not walking", None), ("the class is walking", None), ('""walking""', None),
    ],
)  # fmt: skip
def test_a_class_alone_is_named_in_quotes_or_without(text: str | None, named: str | None) -> None:
    assert read_class(text, CLASSES) == named


@given(st.lists(st.sampled_from([*CLASSES, '"', " ", "_", ".", ",", "or"]), max_size=5).map("".join))
def test_a_text_names_one_class_or_none(text: str) -> None:
    named = read_class(text, CLASSES)
    if named is not None:
        assert sum(text.lower().replace("_", " ").count(word) for word in ("walking", "sitting")) == 1
