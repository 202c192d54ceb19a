"""ARTIST's rewards: parity of ``released`` with the published scorers, what the presets pay, and hostile answers."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.artist.decision import ACCEPT, TOOL
from recipes.artist.reward import (
    PRESETS,
    Settings,
    compute_score,
    controller_reward,
    read_settings,
    reasoner_reward,
    turn_rewards,
)
from src.config.group import compose_group
from src.errors import ConfigError

OPTIONS = {"A": "falling", "B": "rising", "C": "a dog", "D": "none of them"}
RELEASED = Settings("released", exploration=1.0, error=-2.0)  # as the values below were obtained: the class's own bonus
PAPER = Settings("paper", rounds=0.0)
STRICT = Settings()
SAID = "<think>r</think>"


def zoom(start: Any, end: Any, think: str = SAID) -> str:
    arguments = f'{{"ts_seg": [{start}, {end}]}}'
    return f'{think}<tool_call>{{"name": "{TOOL}", "arguments": {arguments}}}</tool_call>'


DONE = f"{SAID}<answer>{ACCEPT}</answer>"

# ../shared/reference/released_scorer_values.md: made by running the published code.
ANSWERS = [
    (f"{SAID}<answer>B</answer>", "B", 4.0),
    (f"{SAID}<answer>b) falls</answer>", "B", 4.0),
    ("<answer>B</answer>", "B", 3.5),
    (f"{SAID}<answer>A</answer>", "B", 1.0),
    (f"{SAID}<answer></answer>", "B", -1.0),
    (f"{SAID}B", "B", -1.0),
    ("<think>a</think><think>b</think><answer>B</answer>", "B", 3.5),
    (f"{SAID}<answer>A</answer><answer>B</answer>", "B", 3.5),
    ("<think><answer>B</answer></think><answer>A</answer>", "A", 3.5),
    (f"{SAID}<answer>A dog</answer>", "A cat", 4.0),
    (f"{SAID}<answer>B.</answer>", "B", 4.0),
    (f"{SAID}<answer>Atrial fibrillation</answer>", "atrial fibrillation", 4.0),
    (f"{SAID}<answer>not sure</answer>", "B", 1.0),
    ("<think></think><answer>B</answer>", "B", 4.0),
    ("<THINK>r</THINK><ANSWER>B</ANSWER>", "B", 4.0),
    ("", "B", -1.0),
    (f"{SAID}<answer>B", "B", -1.0),
    (f"{SAID}<answer>A or B</answer>", "A", 4.0),
    (f"{SAID}<answer> (B) </answer>", "B", 4.0),
    ("<think>r<answer>B</answer></think>", "B", -1.0),
]
# Turns, segments, reward; a series of 100 steps, D = 0.5, step 0.
SESSIONS: list[tuple[list[str], list[tuple[int, int]], float]] = [
    ([DONE], [], 2.4),
    ([zoom(0, 50), DONE], [(0, 50)], 2.3),
    ([zoom(0, 50, ""), f"<answer>{ACCEPT}</answer>"], [(0, 50)], 1.8),
    ([zoom(0, 150), DONE], [(0, 100)], 2.05),
    ([zoom(50, 20), DONE], [], -2.0),
    ([f"{SAID}<answer>accept it</answer>"], [], 2.3),
    ([f"{SAID}<answer>no</answer>"], [], -2.0),
    ([zoom(0, 50)], [], 2.4),
    ([], [], -2.0),
    ([DONE + zoom(0, 50, "")], [], 1.9),
    ([DONE, DONE], [], 2.3),
    ([zoom(0, "25*2"), DONE], [], -2.0),
    ([zoom(0, 50), zoom(50, 99), DONE], [(0, 50), (50, 99)], 3.2),
]


def controller(turns: list[str], segments: list[tuple[int, int]], given: Settings = STRICT, **more: Any) -> float:
    return controller_reward(turns, segments, 100, 0.5, given, **more)["score"]


def reasoner(response: object, truth: str = "B", given: Settings = STRICT) -> float:
    return reasoner_reward(response, OPTIONS, truth, given)["score"]


@pytest.mark.parametrize(("response", "gold", "expected"), ANSWERS)
def test_released_pays_an_answer_what_the_published_code_pays(response: str, gold: str, expected: float) -> None:
    assert reasoner(response, gold, RELEASED) == pytest.approx(expected)


@pytest.mark.parametrize(("turns", "segments", "expected"), SESSIONS)
def test_released_pays_a_session_what_the_published_code_pays(
    turns: list[str], segments: list[tuple[int, int]], expected: float
) -> None:
    assert controller(turns, segments, RELEASED) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hole", "truth"),
    [
        (f"{SAID}<answer>A or B</answer>", "A"),  # the first of several letters
        (f"{SAID}<answer>a rising trend</answer>", "A"),  # an article
        (f"{SAID}<answer>A</answer><answer>B</answer>", "B"),  # two answers
        ("<think><answer>B</answer></think><answer>A</answer>", "A"),  # one in the reasoning, one beside it
        (f"{SAID}<answer>B) falling</answer>", "B"),  # a letter and another option's text
    ],
)
def test_strict_closes_the_holes_of_an_answer(hole: str, truth: str) -> None:
    assert reasoner(hole, truth, RELEASED) >= 3.5
    assert reasoner(hole, truth) <= 1.0


@pytest.mark.parametrize(
    ("turns", "before", "after"),
    [
        ([DONE], 2.4, -1.0),  # accepts where nothing was read
        ([f"<think>{zoom(0, 50, '')}</think>", DONE], 2.3, -1.0),  # a call in the reasoning
        ([zoom(0, 50), f"{SAID}<answer>I do not {ACCEPT}</answer>"], 2.25, -1.0),
        ([zoom(0.2, 50.9), DONE], 2.3, -1.0),  # numbers that are no steps
        ([zoom(0, 50) + f"<answer>{ACCEPT}</answer>", DONE], 2.05, -1.0),  # both at once
        ([zoom(0, 50), zoom(50, 99)], 3.3, 1.8),  # never accepts: 1.5 - 0.2 + 0.5
        ([zoom(0, 50) + " and more", DONE], 2.3, 2.05),  # words around the decision
        ([zoom(0, 50), zoom(50, 99), DONE], 3.2, 2.2),  # paid for looking twice, whatever was found
    ],
)
def test_strict_closes_the_holes_of_a_session(turns: list[str], before: float, after: float) -> None:
    segments = [(0, 50), (50, 99)] if zoom(50, 99) in turns else [(0, 50)]
    assert controller(turns, segments, RELEASED) == pytest.approx(before)
    assert controller(turns, segments) == pytest.approx(after)


def test_the_paper_has_reliability_and_form_alone() -> None:
    assert controller([zoom(0, 50), zoom(50, 99), DONE], [(0, 50), (50, 99)], PAPER) == pytest.approx(2.5)
    assert controller([zoom(0, 50), f"{SAID}<answer>accept it</answer>"], [(0, 50)], PAPER) == pytest.approx(2.45)
    assert controller([zoom(0, 50), zoom(50, 20)], [(0, 50)], PAPER) == -1.0  # looks at the last turn's call, too
    assert reasoner(f"{SAID}<answer>a rising trend</answer>", "A", PAPER) == 1.0
    assert reasoner(f"{SAID}B", "B", PAPER) == -1.0


def test_what_a_session_earns_beside_reliability_and_form() -> None:
    turns, segments = [zoom(0, 50), zoom(50, 99), DONE], [(0, 50), (50, 99)]
    exploring = Settings(exploration=0.5, exploration_steps=300, zoom=0.25)
    terms = controller_reward(turns, segments, 100, 0.5, exploring, step=150)
    assert terms["exploration"] == pytest.approx(0.25) and terms["zoom"] == 0.25
    assert terms["score"] == pytest.approx(1.5 + 1.0 - 0.3 + 0.25 + 0.25)
    assert controller_reward(turns, segments, 100, 0.5, exploring, step=900)["exploration"] == 0.0
    assert controller_reward(turns, [(0, 100)] * 2, 100, 0.5, exploring)["zoom"] == 0.0
    assert controller_reward(turns, [(0, 100)] * 2, 100, 0.5, exploring)["exploration"] == 0.0
    for growth, expected in (("quadratic", 0.9), ("exponential", 0.1 * (2.718281828**0.6 - 1))):
        found = controller_reward(turns, segments, 100, 0.5, Settings(rounds_growth=growth), max_rounds=5)
        assert found["rounds"] == pytest.approx(-expected)


def test_turns_can_be_paid_one_by_one() -> None:
    turns = [zoom(0, 20), zoom(20, 150), "no decision", DONE]
    paid = turn_rewards(turns, [[(0, 20)], [(20, 100)], [], []], 100, [0.0, 1.0, 1.0, 1.0], STRICT)
    assert [one["score"] for one in paid] == pytest.approx([1 - 0.1, 3 + 0.5 - 0.1, -1, 3 + 1 - 0.1])
    growing = Settings(rounds=0.1, rounds_growth="quadratic")
    costs = [one["rounds"] for one in turn_rewards([*turns[:2], DONE], [[]] * 3, 100, [0.0] * 3, growing)]
    assert costs == pytest.approx([-0.1, -0.3, -0.5])  # which add up to what the session pays
    assert sum(costs) == pytest.approx(controller_reward([*turns[:2], DONE], [], 100, 0.0, growing)["rounds"])


def test_with_the_whole_series_read_at_first_the_first_turn_may_accept() -> None:
    assert controller([DONE], [(0, 100)], accepts_at_once=True) == pytest.approx(2.4)


BITS = st.sampled_from(
    ["<think>", "</think>", "<answer>", "</answer>", "<tool_call>", "</tool_call>", "A", "B", ACCEPT, "a ", "rising",
     '{"name": "timeseries_zoom_in_tool", "arguments": {"ts_seg": [1, 9]}}', "[" * 3000, "9" * 5000, "\x00", "\ud800",
     '{"name": "timeseries_zoom_in_tool", "arguments": {"ts_seg": [NaN, 1e999]}}', " ", "-1", "{}", "null"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(BITS, max_size=9).map("".join) | st.text(max_size=40), st.sampled_from(PRESETS), st.integers(0, 100))
def test_whatever_is_said_is_paid_within_bounds(said: str, preset: str, length: int) -> None:
    given = Settings(preset)
    found = reasoner_reward(said, OPTIONS, "B", given)
    assert -1.0 <= found["score"] <= 4.0 and found["score"] == pytest.approx(found["accuracy"] + found["format"])
    for turns in ([said], [said, DONE], [zoom(0, 5), said]):
        terms = controller_reward(turns, [(0, 5)], length, 1.0, given)
        assert -1.0 <= terms["score"] <= 4.0 + 1e-9
        assert terms["score"] == pytest.approx(sum(value for name, value in terms.items() if name != "score"))
    if preset == "strict" and found["acc"]:
        assert "<answer>" in said and said.count("<answer>") == 1


@pytest.mark.parametrize("said", ["<answer>" * 120_000, "<think>" * 140_000, "[" * 10**6, "a" * 10**6, None, 3, b"x"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_megabyte_and_no_text_at_all_earn_nothing(said: Any, preset: str) -> None:
    assert reasoner(said, "B", Settings(preset)) == -1.0
    assert controller([said], [], Settings(preset)) == -1.0


def test_an_answer_is_scored_alone() -> None:
    terms = compute_score("x", f"{SAID}<answer>rising</answer>", "B", {"options": OPTIONS}, preset="strict")
    assert terms == {"score": 4.0, "accuracy": 3.0, "format": 1.0, "acc": 1.0, "valid": 1.0}
    assert compute_score("x", f"{SAID}<answer>B</answer>", "B")["score"] == 1.0  # no options: nothing can be right


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"preset": "lax"}, "unknown reward preset 'lax'"),
        ({"weight": 1}, "the reward has no setting 'weight'"),
        ({"rounds": -1}, "rounds=-1 must be a number from 0"),
        ({"error": 1}, "error=1 must be a number from -1e6 to 0"),
        ({"rounds_growth": "cubic"}, "rounds_growth='cubic': set it to linear"),
    ],
)
def test_a_setting_of_no_use_is_named(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_settings(changed)


def test_the_options_of_the_reward_group_are_the_presets() -> None:
    conf = Path(__file__).resolve().parents[3] / "conf"
    assert conf.is_dir()
    expected = {
        "artist": STRICT,
        "artist_paper": PAPER,
        "artist_released": Settings("released", exploration=0.5, error=-2.0),
    }
    for option, one in expected.items():
        node: Any = compose_group("reward", option)
        assert read_settings(dict(node.custom_reward_function.reward_kwargs)) == one
