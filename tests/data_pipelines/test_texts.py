"""Many texts in little memory behave as a tuple of them."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from data_pipelines.texts import Texts, as_series

texts = st.lists(st.text(max_size=4), max_size=8)


@given(texts, texts, st.slices(16), st.integers(-16, 15))
def test_they_behave_as_a_tuple(first: list[str], second: list[str], part: slice, place: int) -> None:
    found, whole = Texts.of([first, second]), (*first, *second)
    assert (len(found), tuple(found), found[part]) == (len(whole), whole, whole[part])
    assert found == whole and whole == found and found == Texts.of([whole]) and found != (*whole, "x")
    if -len(whole) <= place < len(whole):
        assert found[place] == whole[place] and found.index(whole[place]) == whole.index(whole[place])


def test_long_ones_are_read_in_stretches() -> None:
    found = Texts.of([[str(number) for number in range(150_000)]])
    assert sum(map(int, found)) == sum(range(150_000)) and found[149_999] == found[-1] == "149999"
    assert found != [*map(str, range(149_999)), "x"]


def test_pandas_takes_them() -> None:
    assert as_series(Texts.of([["a"], ["b"]])).tolist() == as_series(["a", "b"]).tolist() == ["a", "b"]
    assert as_series(Texts.of([["a"]])).dtype == pd.Series(["a"]).dtype
