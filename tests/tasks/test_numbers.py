"""The one form of a number: what every recipe's answers and every file may hold."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.tasks.numbers import read_number

NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")


@pytest.mark.parametrize(
    "text",
    ["", " ", "2_1", "\u0662\u0661", "\uff12", "nan", "-inf", "1e400", "31,5", "12 kW", "0x10", "1 2", "--1", "e5"],
)
def test_these_are_no_numbers(text: str) -> None:
    assert read_number(text) is None


@given(st.one_of(st.text(max_size=8), st.text(alphabet="0123456789.+-eE_ \u0663", max_size=8)))
def test_a_number_is_what_its_grammar_says(text: str) -> None:
    value = read_number(text)
    assert (value is not None) == (bool(NUMBER.fullmatch(text)) and text.isascii() and math.isfinite(float(text)))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_read_back_to_the_last_bit(value: float) -> None:
    assert read_number(repr(value)) == value
