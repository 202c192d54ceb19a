"""Windows: contiguous, split by time, no leakage, and the reference's evaluation windows."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from data_pipelines.settings import DatasetSettings, MaxWindows, SplitSettings, WindowsOfTest
from data_pipelines.windows import Borders, generator, select, split_borders, split_starts, window_starts
from src.errors import DataError

ETTH = SplitSettings(borders=[8640, 11520, 14400])


def _settings(**changes: object) -> DatasetSettings:
    return DatasetSettings(name="x", title="x", **changes)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=200)
@given(
    rows=st.integers(40, 400),
    context=st.integers(2, 12),
    horizon=st.integers(1, 8),
    stride=st.integers(1, 9),
    train=st.floats(0.4, 0.65),
    val=st.floats(0.1, 0.15),
    full_stride=st.integers(1, 9),
)
def test_no_training_row_is_a_target_of_val_or_test(
    rows: int, context: int, horizon: int, stride: int, train: float, val: float, full_stride: int
) -> None:
    chosen = _settings(
        context_length=context,
        horizon=horizon,
        stride=stride,
        split=SplitSettings(train=train, val=val, test=0.2),
        evaluation=WindowsOfTest(full_stride=full_stride),
    )
    borders = split_borders(rows, chosen.split)
    try:
        starts = {split: split_starts(split, borders, chosen) for split in ("train", "val", "test")}
    except DataError:
        reject()
    assert all(len(found) for found in starts.values())
    used = {row for start in starts["train"] for row in range(start, start + context + horizon)}
    targets = {
        split: {row for start in found for row in range(start + context, start + context + horizon)}
        for split, found in starts.items()
    }
    assert max(used) < min(targets["val"])
    assert max(targets["val"]) < min(targets["test"])
    assert max(targets["test"]) < rows
    assert min(int(found.min()) for found in starts.values()) >= 0


def test_a_split_uses_all_the_rows_it_may() -> None:
    borders = Borders(train_end=70, test_begin=80, test_end=100)
    assert window_starts("train", borders, 10, 5, 1).tolist() == list(range(0, 56))
    assert window_starts("val", borders, 10, 5, 1).tolist() == list(range(60, 66))
    assert window_starts("test", borders, 10, 5, 1).tolist() == list(range(70, 86))
    assert window_starts("test", borders, 10, 5, 5).tolist() == [70, 75, 80, 85]


def test_shares_round_as_the_reference_does() -> None:
    assert split_borders(1244, SplitSettings()) == Borders(870, 996, 1244)
    assert split_borders(10, SplitSettings()) == Borders(7, 8, 10)


def test_etth_evaluation_windows_are_the_reference_ones() -> None:
    borders = split_borders(17420, ETTH)
    paper = _settings(evaluation=WindowsOfTest(mode="paper"))
    starts = split_starts("test", borders, paper)
    assert starts.tolist() == [11424 + 96 * i for i in range(10)]
    full = split_starts("test", borders, _settings())
    assert (full[0], full[-1], len(full)) == (11424, 14400 - 192, 2785)


def test_ettm_evaluation_windows_are_four_times_as_far() -> None:
    borders = split_borders(69680, SplitSettings(borders=[34560, 46080, 57600]))
    starts = split_starts("test", borders, _settings(evaluation=WindowsOfTest(mode="paper")))
    assert starts.tolist() == [45984 + 96 * i for i in range(10)]


def test_nasdaq_evaluation_windows_overlap() -> None:
    paper = WindowsOfTest(mode="paper", paper_stride=1)
    chosen = _settings(context_length=36, horizon=36, evaluation=paper)
    assert split_starts("test", split_borders(1244, chosen.split), chosen).tolist() == list(range(960, 970))


def test_rolling_truth_fits_into_the_test_rows() -> None:
    rolling = _settings(evaluation=WindowsOfTest(target_length=336))
    starts = split_starts("test", split_borders(17420, ETTH), rolling)
    assert starts[-1] + 96 + 336 == 14400
    assert len(split_starts("val", split_borders(17420, ETTH), rolling)) == 2880 - 96 + 1


def test_the_limit_draws_the_same_windows_for_one_seed_and_others_for_another() -> None:
    borders = split_borders(1000, SplitSettings())
    chosen = _settings(max_windows=MaxWindows(train=50), seed=3)
    first = list(select("train", borders, chosen, ["a", "b"]))
    assert first == list(select("train", borders, chosen, ["a", "b"]))
    assert first != list(select("train", borders, _settings(max_windows=MaxWindows(train=50), seed=4), ["a", "b"]))
    assert len(set(first)) == 50
    assert {channel for channel, _ in first} == {"a", "b"}
    assert all(left < right for left, right in pairwise(first))


def test_the_random_stream_is_the_same_in_every_process() -> None:
    assert generator(0, "train").integers(0, 10**6, 3).tolist() == [885480, 207655, 734925]
    assert generator(0, "val").integers(0, 10**6) != generator(0, "train").integers(0, 10**6)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("train", "the train part is too short for one window: it has 7 rows .* and needs 15"),
        ("val", "the val part is too short for one window: it has 8 rows .* dataset.split.val"),
        ("test", "the test part is too short for one window"),
    ],
)
def test_a_series_too_short_for_one_window_is_refused(split: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        window_starts(split, split_borders(10, SplitSettings()), 10, 5, 1)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (SplitSettings(train=0.9, val=0.1, test=0.2), "sum of at most 1"),
        (SplitSettings(val=0.0), "above 0"),
        (SplitSettings(borders=[10, 5, 20]), "three rising row numbers"),
        (SplitSettings(borders=[10, 20]), "three rising row numbers"),
        (SplitSettings(borders=[10, 20, 200]), "the file has 100 rows but dataset.split.borders ends at 200"),
    ],
)
def test_impossible_splits_are_refused(split: SplitSettings, message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_borders(100, split)


def test_too_few_evaluation_windows_are_refused() -> None:
    chosen = _settings(context_length=10, horizon=5, evaluation=WindowsOfTest(mode="paper"))
    with pytest.raises(DataError, match=r"holds 1 windows .* dataset.evaluation.mode=full"):
        split_starts("test", split_borders(100, chosen.split), chosen)
    assert np.array_equal(split_starts("train", split_borders(100, chosen.split), chosen), np.arange(56))


@settings(deadline=None, max_examples=100)
@given(rows=st.integers(60, 300), step=st.integers(1, 5), context=st.integers(2, 6), horizon=st.integers(1, 4))
def test_windows_of_long_steps_keep_all_their_rows_on_their_side(
    rows: int, step: int, context: int, horizon: int
) -> None:
    chosen = _settings(context_length=context, horizon=horizon, rows_per_step=step)
    borders = split_borders(rows, chosen.split)
    try:
        starts = {split: split_starts(split, borders, chosen) for split in ("train", "val", "test")}
    except DataError:
        reject()
    # A step's value is the mean of its rows: the last step needs all of them.
    middle, length = step * context, step * (context + horizon)
    assert starts["train"].max() + length == borders.train_end
    assert starts["val"].min() + middle >= borders.train_end
    assert starts["val"].max() + length == borders.test_begin
    assert starts["test"].min() + middle >= borders.test_begin
    assert starts["test"].max() + length == rows
