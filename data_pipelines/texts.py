"""Many short texts in little memory: the cells of a column, the labels of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 100_000


class Texts(Sequence[str]):
    """Texts that become Python's strings, three times their size, only while they are looked at."""

    def __init__(self, cells: pa.Array | pa.ChunkedArray) -> None:
        self.cells = pa.chunked_array([cells]) if isinstance(cells, pa.Array) else cells

    @classmethod
    def of(cls, parts: Iterable[Sequence[str]]) -> Texts:
        """The texts of all parts, one after the other."""
        return cls(pa.chunked_array([pa.array(part, pa.large_string()) for part in parts], pa.large_string()))

    def __len__(self) -> int:
        return len(self.cells)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...

    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        if not isinstance(place, slice):
            return str(self.cells[place].as_py())
        start, stop, step = place.indices(len(self))
        if step < 0:
            return tuple(self)[place]
        return tuple(self.cells.slice(start, max(0, stop - start)).to_pylist()[::step])

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _AT_ONCE):
            yield from self.cells.slice(first, _AT_ONCE).to_pylist()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Texts):
            return bool(self.cells.equals(other.cells))
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(str.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]


def as_series(texts: Sequence[str]) -> pd.Series:
    """The texts for pandas, without copying them where that can be."""
    import pandas as pd

    return pd.Series(pd.array(texts.cells if isinstance(texts, Texts) else texts, dtype="str"))
