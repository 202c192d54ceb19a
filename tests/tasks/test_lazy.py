"""Items that are made when they are asked for, and no earlier."""

import pytest

from src.evaluation.job import choose
from src.tasks.lazy import Lazy, sources_of
from src.tasks.row import Row


def _row(index: int) -> Row:
    return Row("one", "", "test", index, (), 0.0)


def test_only_what_is_asked_for_is_made_and_nothing_is_kept() -> None:
    made: list[int] = []

    def make(place: int) -> str:
        made.append(place)
        return f"item {place}"

    items = Lazy(1_000_000, make)
    assert (len(items), items[3], items[-1], items[2:8:3]) == (10**6, "item 3", "item 999999", ["item 2", "item 5"])
    assert items[3] == "item 3"
    assert made == [3, 999_999, 2, 5, 3]
    with pytest.raises(IndexError):
        items[1_000_000]
    assert list(Lazy(3, str)) == ["0", "1", "2"] and list(Lazy(0, str)) == []


def test_rows_are_chosen_without_being_made() -> None:
    made: list[int] = []

    def make(place: int) -> Row:
        made.append(place)
        return _row(place)

    chosen = choose(Lazy(200_000, make, "one"), 5, seed=1)
    assert made == [row.index for row in chosen] and len(made) == 5
    assert chosen == choose([_row(place) for place in range(200_000)], 5, seed=1)


def test_rows_of_several_sources_tell_their_own() -> None:
    rows = [_row(0), Row("other", "", "test", 1, (), 0.0)]
    assert list(sources_of(rows)) == list(sources_of(Lazy(2, rows.__getitem__))) == ["one", "other"]
