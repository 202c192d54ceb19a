"""Series held once beside a built dataset's rows, which name them by number: a thousand rollouts share one copy.

The file is an Arrow file of one column. It is mapped into memory, so that a series is read when it is asked for, and
the processes of a machine share what they have read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from src.errors import DataError
from src.tasks.files import write_data

STORE = "series.arrow"
_GROUP = 500  # series that are in memory at once while they are written
_SCHEMA = pa.schema([("series", pa.large_list(pa.float64()))])

Floats = NDArray[np.float64]


class SeriesStore(Sequence[Floats]):
    """The series of a build by their numbers; each is an (H,) array that cannot be written to.

    Making one opens nothing, so that it may travel between processes.

    Args:
        folder: of the build.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / STORE

    @classmethod
    def beside(cls, rows: Path | str) -> SeriesStore:
        """The store beside a file of rows, such as ``data.train_files`` names."""
        return cls(Path(rows).expanduser().parent)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, number: int) -> Floats:  # type: ignore[override]
        """A series.

        Raises:
            IndexError: the store has none of this number.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"{self.path} has {len(self)} series, and none of number {number}")
        group = int(np.searchsorted(self._starts, number, side="right")) - 1
        values = self._groups[group][number - int(self._starts[group])].values
        found: Floats = values.to_numpy(zero_copy_only=True)
        return found

    @cached_property
    def _groups(self) -> list[pa.LargeListArray]:
        try:
            with pa.memory_map(str(self.path)) as source:
                file = pa.ipc.open_file(source)
                return [file.get_batch(place).column(0) for place in range(file.num_record_batches)]
        except (OSError, pa.ArrowInvalid) as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{self.path} cannot be read ({reason}): build the dataset again") from None

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """The number of each group's first series, and behind them how many there are."""
        return np.cumsum([0, *(len(group) for group in self._groups)])

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self.path}


def write_series(series: Sequence[Floats], folder: Path) -> Path:
    """Write a store, whole or not at all.

    Args:
        series: each (H,); they may be of different lengths, and are taken one group at a time.

    Raises:
        DataError: the disk refuses.
    """
    path = Path(folder) / STORE

    def write(partial: Path) -> None:
        with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as file:
            for first in range(0, len(series), _GROUP):
                some = [np.asarray(one, dtype=np.float64) for one in series[first : first + _GROUP]]
                ends = np.cumsum([0, *(len(one) for one in some)])
                lists = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), pa.array(np.concatenate(some)))
                file.write_batch(pa.record_batch([lists], schema=_SCHEMA))

    write_data(path, write)
    return path
