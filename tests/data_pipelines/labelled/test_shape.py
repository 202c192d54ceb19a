"""What is done to series before they are shown, and that it is said."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_archives import BASE, waves

from data_pipelines.labelled.series import Archive, Labelled
from data_pipelines.labelled.settings import read_settings
from data_pipelines.labelled.shape import averaged, shaped, stretched
from src.errors import DataError


def done(series: list[np.ndarray], **keys: Any) -> tuple[Labelled, list[str], list[str]]:
    lines: list[str] = []
    labels = ["a" if place % 2 else "b" for place in range(len(series))]
    found = shaped(Archive({"train": Labelled(series, labels)}), read_settings({**BASE, **keys}), lines.append)
    return found.parts["train"], list(found.channels), lines


def test_what_needs_nothing_is_left_alone_in_silence() -> None:
    series = waves(4)
    part, channels, lines = done(series)
    assert all((one == other).all() for one, other in zip(part.series, series, strict=True))
    assert (channels, lines) == ([], [])


def test_missing_values_are_filled_and_said_or_refused() -> None:
    gaps = np.array([[np.nan, 1.0, np.nan, 3.0, np.inf]])
    part, _, lines = done([gaps, np.ones((1, 5)) * np.arange(5)])
    assert part.series[0].tolist() == [[1, 1, 2, 3, 3]]
    assert "3 of 10 values are missing, in 1 of 2 series" in lines[0]
    with pytest.raises(DataError, match="3 of 5 values are missing, the first in series 1: fill them, or set"):
        done([gaps], missing="refuse")
    with pytest.raises(DataError, match="series 1 has a channel without any value"):
        done([np.full((1, 3), np.nan)])


def test_long_series_are_means_and_recordings_windows() -> None:
    part, _, lines = done([np.arange(8.0)[None], np.arange(4.0)[None]], max_length=4)
    assert part.series[0].tolist() == [[0.5, 2.5, 4.5, 6.5]] and part.series[1].shape == (1, 4)
    assert "1 of 2 series are longer than dataset.max_length=4 steps (up to 8)" in lines[0]
    part, _, lines = done([np.arange(9.0)[None], np.arange(3.0)[None]], window=4)
    assert [one.tolist() for one in part.series] == [[[0, 1, 2, 3]], [[4, 5, 6, 7]]]
    assert list(part.groups or []) == ["0", "0"] and list(part.labels) == ["b", "b"]
    assert "2 recordings are cut into 2 windows of 4 steps; 1 shorter than one window are left out" in lines[0]
    with pytest.raises(DataError, match=r"no series is as long as dataset.window=100"):
        done([np.ones((1, 3))], window=100)


def test_channels_are_chosen_by_name_and_limited_with_a_word() -> None:
    part, channels, lines = done(waves(2, channels=3), channels=["channel 3", "channel 1"])
    assert channels == ["channel 3", "channel 1"] and part.series[0].shape == (2, 24) and lines == []
    _, channels, lines = done(waves(2, channels=3), max_channels=2)
    assert channels == ["channel 1", "channel 2"] and "the first 2 of 3 channels are shown" in lines[0]
    with pytest.raises(DataError, match=r"dataset.channels names 'x', .* choose from channel 1, channel 2"):
        done(waves(2, channels=2), channels=["x"])


def test_different_lengths_and_constant_series_are_said() -> None:
    _, _, lines = done([np.ones((1, 3)), np.arange(5.0)[None]])
    assert "3 to 5 steps" in lines[0] and "1 of 2 series are constant, the first is series 1" in lines[1]


@given(st.integers(2, 40), st.integers(1, 40))
def test_means_keep_the_mean_and_stretching_the_ends(length: int, wanted: int) -> None:
    one = np.random.default_rng(length).normal(size=(2, length))
    short = averaged(one, wanted)
    assert short.shape == (2, min(length, wanted))
    np.testing.assert_allclose(short.mean(axis=1), one.mean(axis=1), atol=1e-12)
    if wanted > 1:
        np.testing.assert_allclose(stretched(one, wanted)[:, [0, -1]], one[:, [0, -1]])
