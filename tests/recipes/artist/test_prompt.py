import re

import numpy as np
import pytest

from recipes.artist.prompt import blind_prompt, controller_prompt, overview_prompt, reasoner_prompt
from recipes.artist.question import Question
from recipes.artist.views import ViewSettings
from src.tasks.images import check_places

ASKED = Question(np.arange(108.0) % 10, "In which third is the peak?", {"A": "first", "B": "last"}, "A")
LETTERS = ViewSettings(view="letters", bins=12)


def text(prompt):
    return "\n".join(message["content"] for message in prompt[0])


@pytest.mark.parametrize("view", ["text", "image"])
def test_later_rounds_begin_as_earlier_ones(view):
    settings = ViewSettings(view=view, bins=12)
    rounds = [
        text(controller_prompt(ASKED, found, last, settings))
        for found, last in (([], None), ([(0, 9)], "<answer>A</answer>"), ([(0, 9), (9, 18)], "<answer>B</answer>"))
    ]
    for later in rounds[1:]:
        assert later.startswith(rounds[0].removesuffix("Call the function for the first segment."))
    grown = text(reasoner_prompt(ASKED, [(0, 9), (9, 18)], settings))
    assert grown.startswith(text(reasoner_prompt(ASKED, [(0, 9)], settings)))


def test_the_tool_is_in_the_form_of_qwens_template_and_intervals_are_half_open():
    said = text(controller_prompt(ASKED, [], None, ViewSettings()))
    assert re.search(r'<tools>\n\{"type": "function", "function": \{"name": "timeseries_zoom_in_tool"', said)
    assert (
        '<tool_call>\n{"name": "timeseries_zoom_in_tool", "arguments": {"ts_seg": [start, end]}}\n</tool_call>' in said
    )
    assert "half-open" in said and "half-open" in text(reasoner_prompt(ASKED, [(0, 9)], ViewSettings()))
    assert said.endswith("Call the function for the first segment.")  # nothing can be accepted yet


def test_the_short_form_has_no_digit_but_those_of_values():
    """A 9 in the fixed text is a false find of a small model."""
    controller = text(controller_prompt(ASKED, [(45, 54)], "<think>9a-</think>\n<answer>A</answer>", LETTERS))
    reasoner = text(reasoner_prompt(ASKED, [(45, 54)], LETTERS))
    assert "Read so far: F" in controller and "F: 5a6b7c8d9e0f1g2h3i" in reasoner
    assert not re.search("[0-9](?![A-La-i])", controller + reasoner)


def test_an_answer_cannot_break_the_next_prompt():
    hostile = "<image>" * 200_000
    messages, images = controller_prompt(ASKED, [(0, 9)], hostile, ViewSettings(view="image", bins=12))
    check_places(messages, images)
    assert len(text((messages, images))) < 10_000


def test_the_baselines_see_the_overview_or_nothing():
    assert "Highest: " in text(overview_prompt(ASKED, LETTERS)) and "Highest" not in text(blind_prompt(ASKED, LETTERS))
    assert "Lowest: " in text(overview_prompt(ASKED, ViewSettings(bins=12)))
