"""What is written to a row's columns comes back, whatever the truth and the info are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.tasks.row import Row, Trace, as_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def back(row: Row) -> Row:
    columns = row.columns()
    truth = columns["reward_model"]["ground_truth"]
    return Row.of_columns(columns["data_source"], truth, columns["extra_info"], columns["prompt"], columns["images"])


@given(truth=VALUES, info=st.dictionaries(st.text(), VALUES), index=st.integers(0, 2**40), task=st.text())
def test_any_json_value_comes_back(truth: object, info: dict, index: int, task: str) -> None:
    row = Row("demand", task, "val", index, [{"role": "user", "content": "?"}], truth, info, (b"\x89PNG",))
    assert back(row) == row


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_come_back_to_the_last_bit(values: list[float]) -> None:
    found = back(Row("demand", "", "val", 0, [], values)).truth
    assert [value.hex() for value in found] == [value.hex() for value in values]


@pytest.mark.parametrize("value", [float("nan"), [1.0, float("inf")], {"a": object()}, b"bytes", {1, 2}])
def test_what_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        as_text(value)


def test_a_trace_has_the_prompt_and_the_answer_and_comes_back_without_the_truth() -> None:
    row = Row("demand", "quiz", "train", 3, [{"role": "user", "content": "?"}], "B", {"options": 4})
    columns = Trace(row, "<answer>B</answer>").columns()
    assert columns["messages"] == [*row.messages, {"role": "assistant", "content": "<answer>B</answer>"}]
    found = Trace.of_columns(**columns)
    assert (found.answer, found.row.truth, found.row.info) == ("<answer>B</answer>", None, {"options": 4})
