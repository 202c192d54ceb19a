"""Items that are made when they are asked for, so that a million questions cost no memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

from src.tasks.row import Row

T = TypeVar("T")


class Lazy(Sequence[T], Generic[T]):
    """A sequence whose items are made at each access, and not kept.

    Args:
        count: how many there are.
        make: the item at a place, the same at each call.
        source: what all items are scored with, where they are rows: ``sources_of`` then makes none of them.
    """

    def __init__(self, count: int, make: Callable[[int], T], source: str | None = None) -> None:
        self._count = count
        self._make = make
        self.source = source

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        places = range(self._count)[place]
        return self._make(places) if isinstance(places, int) else [self._make(one) for one in places]


def sources_of(rows: Sequence[Row]) -> Sequence[str]:
    """What each row is scored with; no row is made for it where all of them share one source."""
    if isinstance(rows, Lazy) and rows.source is not None:
        return [rows.source] * len(rows)
    return [row.source for row in rows]
