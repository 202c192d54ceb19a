"""Numbers and times as the report writes them."""

import math

import pytest

from src.report.parts.wording import duration, number, percent


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (math.nan, "\N{EN DASH}"),
        (0.0, "0.00"),
        (5.8752, "5.88"),
        (13033.18, "13,033"),
        (0.00084, "0.00084"),
        (0.679, "0.679"),
        (-0.0384, "-0.038"),
        (1e-6, "1.00e-06"),
        (250.04, "250.0"),
    ],
)
def test_numbers(value: float, words: str) -> None:
    assert number(value) == words


def test_percentages_and_times() -> None:
    assert [percent(share) for share in (0.0, 0.004, 0.335, 0.977, 1.0)] == [
        "0 %",
        "0.4 %",
        "34 %",
        "97.7 %",
        "100 %",
    ]
    assert [duration(s) for s in (0.8, 74.2, 3600, 200_000)] == [
        "0.8 s",
        "1 min 14 s",
        "1 h 0 min",
        "2 d 7 h",
    ]
