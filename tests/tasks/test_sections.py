"""Answers in named sections: what is in form, what can be read all the same, and what counts for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.tasks.sections import read_sections

NAMES = ["think", "class", "extension"]
GOOD = "<think>flat</think>\n<class>a</class>\n<extension>watch it</extension>"


def test_three_sections_in_order_are_in_form() -> None:
    found = read_sections(f"  {GOOD}\n", NAMES)
    assert found.well_formed
    assert found.texts == {"think": "flat", "class": "a", "extension": "watch it"}


@pytest.mark.parametrize(
    ("response", "read"),
    [
        ("<class>a</class>", {"class": "a"}),
        (GOOD + " more", {"think": "flat", "class": "a", "extension": "watch it"}),
        ("so: " + GOOD, {"think": "flat", "class": "a", "extension": "watch it"}),
        (GOOD.replace("flat", " \n"), {"think": "", "class": "a", "extension": "watch it"}),
        ("<class>a</class><think>r</think><extension>e</extension>", {"class": "a", "think": "r", "extension": "e"}),
        ("<think>r</think><class>a</class><class>b</class><extension>e</extension>", {"think": "r", "extension": "e"}),
        ("<think>so <class>a</class></think><extension>e</extension>", {"extension": "e"}),
        ("<think>I use <class>a</class></think><class>b</class><extension>e</extension>", {"extension": "e"}),
        ("<think>never closed <class>a</class>", {}),
        ("</think><class>a</class>", {}),
        ("<class>a", {}),
        ("<CLASS>a</CLASS>", {}),
        ("<class >a</class>", {}),
        ("a", {}),
        ("", {}),
    ],
)
def test_what_is_not_in_form_is_read_only_where_it_stands_once_and_in_the_open(
    response: str, read: dict[str, str]
) -> None:
    found = read_sections(response, NAMES)
    assert not found.well_formed
    assert found.texts == read


def test_tags_of_no_section_are_text() -> None:
    assert read_sections("<think>x <b>y</b> </answer></think><class>a</class>", NAMES[:2]).well_formed


@pytest.mark.parametrize("response", [None, 3, ["<class>a</class>"], "x" * 200_001])
def test_what_is_no_text_or_too_long_has_no_sections(response: object) -> None:
    assert read_sections(response, NAMES) == read_sections("", NAMES)


PIECES = st.sampled_from([*(f"<{n}>" for n in NAMES), *(f"</{n}>" for n in NAMES), "a", " ", "\n", "<", "</"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_in_form_has_each_section_once_and_nothing_else(response: str) -> None:
    found = read_sections(response, NAMES)
    if found.well_formed:
        rest = response
        for name in NAMES:
            assert response.count(f"<{name}>") == response.count(f"</{name}>") == 1
            before, _, rest = rest.partition(f"<{name}>")
            inside, _, rest = rest.partition(f"</{name}>")
            assert not before.strip() and inside.strip() == found.texts[name] != ""
        assert not rest.strip()
    for name, text in found.texts.items():
        assert response.count(f"<{name}>") == response.count(f"</{name}>") == 1 and text in response


def test_a_response_of_tags_alone_has_no_section() -> None:
    assert read_sections("<class></class>" * 13_000, NAMES) == read_sections("", NAMES)
