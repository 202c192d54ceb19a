"""What counts as an answer of the reasoner, and what does not."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.artist import answer
from recipes.artist.answer import named_option, read_answer

OPTIONS = {"A": "falling", "B": "rising", "C": "a dog", "D": "up and down"}
TRUTHS = {"A": "True", "B": "False"}
SLEEP = dict(zip("ABCDEF", ["Wake", "N1", "N2", "N3", "REM", "Movement"], strict=True))


def test_examples() -> None:
    assert not doctest.testmod(answer).failed


@pytest.mark.parametrize(
    ("body", "options", "letter"),
    [
        *((body, OPTIONS, "B") for body in ("B", "b", "B.", "B)", "(B)", "B) rising", "(b) Rising.", "B: rising")),
        *((body, OPTIONS, "B") for body in ("rising", " RISING ", "Rising.")),
        *((body, OPTIONS, "C") for body in ("a dog", "A  dog", "C. A dog")),
        *((body, OPTIONS, None) for body in ("A or B", "a rising trend", "B) falling", "A cat", "E", "AB", "", "()")),
        ("true", TRUTHS, "A"),
        ("False.", TRUTHS, "B"),
        ("F", SLEEP, "F"),
        ("rem", SLEEP, "E"),
        ("E) REM", SLEEP, "E"),
        ("same", {"A": "same", "B": "same"}, None),  # a text that two options have
        ("B", {}, None),
    ],
)
def test_an_option_is_named_by_its_letter_its_text_or_both(
    body: str, options: dict[str, str], letter: str | None
) -> None:
    assert named_option(body, options) == letter


@pytest.mark.parametrize(
    ("response", "letter", "answered", "well_formed"),
    [
        ("<think>t</think>\n<answer>B</answer>", "B", True, True),
        ("<answer>B</answer>", "B", True, False),
        ("<think>t</think><answer>B</answer> so be it", "B", True, False),
        ("<think>t</think><answer>A</answer><answer>B</answer>", None, False, False),
        ("<think><answer>B</answer></think>", None, False, False),
        ("<think>t</think><answer>B", None, False, False),
        ("<think>t</think><answer></answer>", None, False, False),
        ("<think>t</think><answer>both</answer>", None, True, True),
    ],
)
def test_it_is_read_where_it_stands_once_and_not_in_the_reasoning(
    response: str, letter: str | None, answered: bool, well_formed: bool
) -> None:
    found = read_answer(response, OPTIONS)
    assert (found.letter, found.answered, found.well_formed) == (letter, answered, well_formed)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.sampled_from(["<answer>" * 10**5, "a" * 10**6, "(" * 10**5]), st.booleans())
def test_any_text_is_read(text: str, tagged: bool) -> None:
    found = read_answer(f"<think></think><answer>{text}</answer>" if tagged else text, OPTIONS)
    assert found.letter is None or found.letter in OPTIONS
