import pickle

import numpy as np
import pytest

from src.errors import DataError
from src.tasks import series_store
from src.tasks.series_store import STORE, SeriesStore, write_series


def test_series_come_back_by_number_whatever_their_lengths(tmp_path, monkeypatch):
    monkeypatch.setattr(series_store, "_GROUP", 4)
    given = [np.random.default_rng(length).normal(size=length) for length in (8, 4000, 9, 1, 30, 8, 700, 12, 5)]
    write_series(given, tmp_path)
    store = pickle.loads(pickle.dumps(SeriesStore.beside(tmp_path / "train.parquet")))
    assert len(store) == 9
    for number in (8, 0, 4, 3):
        np.testing.assert_array_equal(store[number], given[number])
    assert not store[1].flags.writeable  # the map's own memory: nothing was copied
    assert [len(one) for one in store] == [len(one) for one in given]


def test_a_number_that_is_not_there_and_a_store_that_is_not(tmp_path):
    write_series([np.zeros(8)], tmp_path)
    with pytest.raises(IndexError, match="has 1 series, and none of number 1"):
        SeriesStore(tmp_path)[1]
    (tmp_path / STORE).write_bytes(b"half of a fi")
    with pytest.raises(DataError, match="build the dataset again"):
        len(SeriesStore(tmp_path))
