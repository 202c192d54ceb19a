"""The grammar of forecast answers: what is read, what is refused and with which words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.tasks.forecast.answer import MAX_CHARS, Unreadable, parse_forecast, read_values


def respond(answer: str, think: str = "a daily cycle") -> str:
    return f"<think>{think}</think>\n<answer>{answer}</answer>"


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ("```\n2017-10-24 00:00:00 10.5\n2017-10-24 01:00:00 -11\n```", [10.5, -11]),
        ("\n```\ndate HUFL\n2017-10-24 00:00:00 10.5\n2017-10-24 01:00:00 11\n```\n", [10.5, 11]),
        ("2017-10-24 00:00:00 10.5\n2017-10-24 01:00:00 11", [10.5, 11]),
        ("date HUFL\n2017-10-24 00:00 10.5\n\n2017-10-24 01:00 11\n", [10.5, 11]),
        ("```csv\ndate,OT\n2017-10-24 00:00:00,9.98\n2017-10-24 01:00:00, 8\n```", [9.98, 8]),
        ("2017-10-24T00:00:00Z\t9.98\r\n2017-10-24T01:00:00Z\t8\r\n", [9.98, 8]),
        ("1990/1/1 0:00 0.7855\n1990/1/12 0:00 0.7818", [0.7855, 0.7818]),
        ("01.07.2016 1\n1.12.2016 2", [1, 2]),
        ("00:30 5\n01:00 6", [5, 6]),
        ("2017-10-24  23:00 1\n2017-10-25 2", [1, 2]),
        ("961 0.61\n962 0.62", [0.61, 0.62]),
        ("961.0 0.61\n962.0 0.62", [0.61, 0.62]),
        ("1\n2\n3", [1, 2, 3]),
        ("value\n1\n2", [1, 2]),
        ("predicted_OT (kW)\n1\n2", [1, 2]),
        ("```value\n1\n2\n```", [1, 2]),
        ("```1\n2```", [1, 2]),
        ("1, 2,3", [1, 2, 3]),
        ("1.5,\n2.5,\n3.5,\n", [1.5, 2.5, 3.5]),
        ("[1, 2,3]", [1, 2, 3]),
        ("[31,5]", [31, 5]),
        ("31, 5", [31, 5]),
        ("100,200,300", [100, 200, 300]),
        ("[1.5,\n2.5,\n]", [1.5, 2.5]),
        ("[7.5]", [7.5]),
        ("[1 2\n 3]", [1, 2, 3]),
        ("1; 2;3", [1, 2, 3]),
        ("[1;2]", [1, 2]),
        ("1 2 3", [1, 2, 3]),
        ("1 31.0", [31]),
        ("1 31.0\n2 33.0\n3 32.0\n4 30.0", [31, 33, 32, 30]),
        ("values:\n[1, 2]", [1, 2]),
        ("```json\n[1, 2]\n```", [1, 2]),
        ("1e-05\n+5\n-.5\n5.\n1E2", [1e-5, 5, -0.5, 5, 100]),
        ("The forecast is\n```\n1\n2\n```\nas reasoned above.", [1, 2]),
        ("时间 值\n1\n2", [1, 2]),
    ],
)
def test_reads_every_form_of_the_grammar(answer: str, values: list[float]) -> None:
    parsed = parse_forecast(respond(answer), len(values))
    assert parsed.problem is None
    assert parsed.values.tolist() == values
    assert parsed.rows == len(values)
    assert parsed.well_formed


@pytest.mark.parametrize(
    ("answer", "problem", "rows"),
    [
        ("", "no rows", 0),
        ("value\n", "no rows", 0),
        ("12.3 kW\n12.4 kW", "row 1 is not 'timestamp value'", 0),
        ("2017-10-24 00:00 12.3 kW", "row 1 is not 'timestamp value'", 0),
        ("2017-10-24 00:00 12.3kW", "row 1 is not a number", 0),
        ("1\n2\n3 kW", "row 3 is not a number", 2),
        ("1\nnan\n3", "row 2 is not a finite number", 1),
        ("nan\n1", "row 1 is not a finite number", 0),
        ("1\n-inf", "row 2 is not a finite number", 1),
        ("9" * 400, "row 1 is not a finite number", 0),
        ("1\n1e400", "row 2 is not a finite number", 1),
        ("2017-10-24 00:00 1\n2017-10-24 01:00 nan", "row 2 is not a finite number", 1),
        ("1_000\n2", "characters that no row may hold", 0),
        ("1\n\u0662\n3", "characters that no row may hold", 0),
        ("1\n\uff12\n3", "characters that no row may hold", 0),
        ("1,234\n1,235", "row 2 is not a number", 1),
        ("2017-10-24 00:00 1,234.5", "row 1 is not a number", 0),
        ("1,2,,3", "row 3 is not a number", 2),
        ("1 2 3\n4 5 6", "row 1 is not 'timestamp value'", 0),
        ("31,5", "a comma that may stand for a decimal point", 0),
        ("1,234.5", "a comma that may stand for a decimal point", 0),
        ("31,5; 33,0; 32,5", "row 1 is not a number", 0),
        ("31,5 33,0 32,5", "row 2 is not a number", 1),
        ("31,5\n33,0", "row 2 is not a number", 1),
        ("1, 2; 3", "row 1 is not a number", 0),
        ("1 2; 3", "row 1 is not a number", 0),
        ("[]", "no rows", 0),
        ("[,]", "row 1 is not a number", 0),
        ("[1, 2", "row 1 is not a number", 0),
        ("1, 2]", "row 2 is not a number", 1),
        ("[1, 2][1, 2]", "row 2 is not a number", 1),
        ("[[1, 2]]", "row 1 is not a number", 0),
        ("[1, 2]\n[3, 4]", "row 2 is not a number", 1),
        ("values: [1, 2]", "row 1 is not a number", 0),
        ("[1, nan]", "row 2 is not a finite number", 1),
        ("12.3 12.4\n12.5 12.6", "row 1 is not 'timestamp value'", 0),
        ("2017-10-24 00:00 1\n2", "row 2 is not 'timestamp value'", 1),
        ("1\n2017-10-24 00:00 2", "row 2 is not a number", 1),
        ("2017-10-24 00:00", "row 1 is not a number", 0),
        ("0x10\n2", "row 1 is not a number", 0),
        ("1\n...\n96", "row 2 is not a number", 1),
        ("| 1 | 2 |", "row 1 is not 'timestamp value'", 0),
        ("```\n1\n```\n```\n2\n```", "several fences", 0),
        ("```\n1\n2", "the fence is not closed", 2),
        ("1\n2\n<think>", "row 3 is not a number", 2),
    ],
)
def test_refuses_with_a_reason_and_counts_the_rows_before_it(answer: str, problem: str, rows: int) -> None:
    parsed = parse_forecast(respond(answer))
    assert (parsed.problem, parsed.rows, len(parsed.values)) == (problem, rows, 0)


def test_another_count_is_a_problem_but_the_values_are_there() -> None:
    parsed = parse_forecast(respond("1\n2\n3"), 4)
    assert parsed.problem == "3 values instead of 4"
    assert parsed.values.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "response",
    [
        "<think>a</think><answer>1</answer>",
        "<think>a</think>\n\n<answer>1</answer>",
        "\n <think></think> <answer>1</answer>\n",
    ],
)
def test_well_formed(response: str) -> None:
    assert parse_forecast(response).well_formed


@pytest.mark.parametrize(
    "response",
    [
        "<answer>1</answer>",
        "<think>a</think>1",
        "1",
        "<think>a<answer>1</answer>",
        "<think>a</think>so<answer>1</answer>",
        "Well, <think>a</think><answer>1</answer>",
        "<think>a</think><answer>1</answer>.",
        "<answer>1</answer><think>a</think>",
        "<think>a<answer>1</answer></think>",
        "<think>a<think>b</think></think><answer>1</answer>",
        "<think>a</think><think>b</think><answer>1</answer>",
        "<Think>a</Think><answer>1</answer>",
        "<thinking>a</thinking><answer>1</answer>",
    ],
)
def test_malformed_but_readable(response: str) -> None:
    parsed = parse_forecast(response)
    assert not parsed.well_formed
    assert parsed.values.tolist() == [1.0]


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ("<think>a</think><answer>1\n2", "<answer> is not closed"),
        ("<think>a</think>1</answer>", "</answer> without <answer>"),
        ("</answer><think>a</think><answer>1", "</answer> before <answer>"),
        ("<think>a</think><answer>1</answer><answer>2</answer>", "several <answer> sections"),
        ("<think><answer>1</think><answer>1</answer>", "several <answer> sections"),
        ("1" * (MAX_CHARS + 1), f"the response is longer than {MAX_CHARS} characters"),
    ],
)
def test_ambiguous_and_cut_off_answers_hold_no_values(response: str, problem: str) -> None:
    parsed = parse_forecast(response)
    assert parsed.problem == problem
    assert len(parsed.values) == 0
    assert not parsed.well_formed


def test_what_is_not_text_is_refused() -> None:
    assert parse_forecast(None).problem == "the response is not text"  # type: ignore[arg-type]


finite = st.floats(-1e9, 1e9)


SEPARATORS = {"bare": "\n", "stamped": "\n", "indexed": "\n", "list": ", ", "semicolons": "; ", "blanks": " "}


@given(
    st.lists(finite, min_size=1, max_size=40), st.sampled_from(list(SEPARATORS)), st.booleans(), st.booleans()
)  # fmt: skip
def test_reads_back_what_was_written(values: list[float], form: str, bracketed: bool, fenced: bool) -> None:
    rows = [repr(value) for value in values]
    if form == "stamped":
        rows = [f"2017-10-{24 + hour // 24} {hour % 24:02}:00:00 {row}" for hour, row in enumerate(rows)]
    if form == "indexed":
        rows = [f"{number} {row}" for number, row in enumerate(rows, 1)]
    body = SEPARATORS[form].join(rows)
    if form not in ("stamped", "indexed") and (bracketed or (form == "blanks" and len(values) == 2)):
        body = f"[{body}]"
    parsed = parse_forecast(respond(f"\n```\n{body}\n```\n" if fenced else body), len(values))
    assert parsed.problem is None
    assert np.array_equal(parsed.values, np.array(values))


@given(st.text(alphabet="0123456789.,;[]- \n\te`v", max_size=30))
def test_a_section_that_is_found_otherwise_is_read_alike(section: str) -> None:
    parsed = parse_forecast(respond(section))
    try:
        values = read_values(section)
    except Unreadable as error:
        assert (parsed.problem, parsed.rows) == (error.problem, error.rows)
    else:
        assert parsed.problem is None and parsed.values.tolist() == values


fragments = st.sampled_from(
    ["<think>", "</think>", "<answer>", "</answer>", "```", "\n", " ", ",", "|", "1", "2.5", "nan", "-",
     "date", "2017-10-24 00:00:00", "e5", "_", "\x00", "\u0663", "\u2028", "\r", "\ud800"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(fragments, max_size=30).map("".join)))
def test_never_raises_and_values_are_finite(response: str) -> None:
    parsed = parse_forecast(response, 3)
    assert np.isfinite(parsed.values).all()
    assert parsed.problem is not None or len(parsed.values) == 3
    assert parsed.rows >= len(parsed.values)
