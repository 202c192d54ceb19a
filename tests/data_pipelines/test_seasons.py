"""Seasons are called what they are."""

import pytest

from data_pipelines.seasons import seasons


@pytest.mark.parametrize(
    ("freq", "found"),
    [("h", {"day": 24, "week": 168}), ("4h", {"day": 6, "week": 42}), ("15min", {"day": 96, "week": 672}),
     ("5h", {}), ("D", {"week": 7, "year": 365}), ("B", {"week": 5}), ("MS", {"year": 12}), ("QE", {"year": 4}),
     ("YE", {}), ("step", {})],
)  # fmt: skip
def test_seasons_of_a_clock(freq: str, found: dict[str, int]) -> None:
    assert list(seasons(freq).items()) == list(found.items())


def test_a_given_period_comes_first_by_its_name_or_without_one() -> None:
    assert list(seasons("h", 24)) == ["day", "week"]
    assert list(seasons("h", 168)) == ["week", "day"]
    assert seasons("step", 5) == {"season": 5}
    assert list(seasons("h", 12).items()) == [("season", 12), ("day", 24), ("week", 168)]
    assert seasons("MS", 1) == {"year": 12}
