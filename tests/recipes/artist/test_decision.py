"""What a controller's turn decides; what it is worth is held with the rewards."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.artist.decision import ACCEPT, TOOL, Decision, blocks, format_score, read_decision


def call(arguments: str, name: str = TOOL) -> str:
    return f'<think>t</think>\n<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


DONE = f"<think>t</think>\n<answer>{ACCEPT}</answer>"


def test_it_retrieves_or_accepts() -> None:
    assert read_decision(call('{"ts_seg": [0, 50]}'), 100) == Decision((0, 50))
    assert read_decision(call('{"ts_seg": [90, 150]}'), 100) == Decision((90, 150))  # cut by who reads it
    assert read_decision(DONE, 100) == Decision(accepts=True)
    assert read_decision(f"<answer> {ACCEPT}\n</answer>", 100) == Decision(accepts=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "neither a tool call nor an answer"),
        ("retrieve [0, 50]", "neither a tool call nor an answer"),
        (f"<think>{DONE}</think>", "neither a tool call nor an answer"),
        ("<answer>B</answer>", "the answer is not ACCEPT"),
        (f"<answer>{ACCEPT}.</answer>", "the answer is not ACCEPT"),
        (call('{"ts_seg": [0, 50]}') + DONE, "both retrieves and answers"),
        (call('{"ts_seg": [0, 25*2]}'), "no JSON"),
        (call('{"ts_seg": [0, 50]}', "zoom"), f"does not call {TOOL}"),
        (call("[0, 50]"), f"does not call {TOOL}"),
        (f"<tool_call>{'[' * 100_000}</tool_call>", "no JSON"),
        (call('{"segment": [0, 50]}'), "is not two steps"),
        *((call(f'{{"ts_seg": {given}}}'), "is not two steps") for given in ("[1]", "[1, 2, 3]", '["1", 2]', "null")),
        *(
            (call(f'{{"ts_seg": {given}}}'), "is not two steps")
            for given in ("[false, true]", "[0.0, 5.0]", "[0, NaN]")
        ),
        *((call(f'{{"ts_seg": {given}}}'), "is no interval") for given in ("[-1, 5]", "[5, 5]", "[9, 2]")),
        (call('{"ts_seg": [100, 120]}'), "outside of the series"),
        (call(f'{{"ts_seg": [0, {"9" * 5000}]}}'), "no JSON"),
    ],
)
def test_what_decides_nothing_says_why(text: str, problem: str) -> None:
    decision = read_decision(text, 100)
    assert decision.segment is None and not decision.accepts and problem in (decision.problem or "")
    assert format_score([text, DONE], 100) == -1.0


def test_where_there_is_no_answer_none_is_accepted() -> None:
    assert read_decision(DONE, 100, may_accept=False).problem == "there is no answer yet to accept"
    assert format_score([DONE], 100) == -1.0
    assert format_score([DONE], 100, accepts_at_once=True) == 1.0


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        (f"<THINK>{call('{{}}')}".replace("{{}}", '{"ts_seg": [3, 9]}'), Decision((3, 9))),  # in the reasoning
        (call('{"ts_seg": [3.7, 9.2]}'), Decision((3, 9))),
        (call('{"ts_seg": [3, 9]}') + call('{"ts_seg": [4, 9]}'), Decision((3, 9))),
        (DONE + call('{"ts_seg": [3, 9]}'), Decision((3, 9))),
        ("<Answer>well, accept it</Answer>", Decision(accepts=True)),
    ],
)
def test_the_reference_reads_more(text: str, decision: Decision) -> None:
    assert read_decision(text, 100, strict=False) == decision


def test_blocks_end_at_the_next_closing_tag() -> None:
    assert blocks("<a>1<a>2</a>3</a><A>4</a>", "a") == ["1<a>2", "4"]
    assert blocks("<a>" * 100_000, "a") == []


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers(), st.lists, max_leaves=6), st.integers(0, 99)
)
def test_any_arguments_are_read(arguments: Any, length: int) -> None:
    for strict in (True, False):
        decision = read_decision(call(f'{{"ts_seg": {arguments}}}'), length, strict=strict)
        assert (decision.problem is None) == (decision.segment is not None)
        if decision.segment is not None:
            assert 0 <= decision.segment[0] < min(decision.segment[1], length)
