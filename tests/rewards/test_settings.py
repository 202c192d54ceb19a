"""A reward function's settings: known, checked, and made once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from src.errors import ConfigError
from src.rewards.settings import check_number, settings_of


@dataclass(frozen=True)
class Weights:
    format: float = 0.1
    error: float = -1.0

    def __post_init__(self) -> None:
        check_number("format", self.format)
        check_number("error", self.error, -1e6, 0)


def test_what_is_given_lies_over_the_defaults_and_is_made_once() -> None:
    made = settings_of(Weights, {"error": -2.0, "reward_router_address": None})
    assert (made.format, made.error) == (0.1, -2.0)
    assert settings_of(Weights, {"error": -2.0}) is made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"form": 1}, "the reward of toys has no setting 'form'; it has format, error"),
        ({"format": -1}, "reward setting format=-1 must be a number from 0 to 1e6"),
        ({"format": True}, "reward setting format=True must be a number from 0 to 1e6"),
        ({"error": 0.5}, "reward setting error=0.5 must be a number from -1e6 to 0"),
        ({"error": float("nan")}, "reward setting error=nan must be a number from -1e6 to 0"),
    ],
)
def test_a_mistake_is_named(given: dict, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings_of(Weights, given, "the reward of toys")
    assert str(error.value) == message
