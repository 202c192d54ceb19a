"""What is seen of a series, and by what classes differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recipes.timemaster.features import WORDS, Differences, features, of_channels

STEPS = np.linspace(0.0, 1.0, 120, endpoint=False)


def test_each_feature_says_what_it_is() -> None:
    wave = features(3.0 + 2.0 * np.sin(2 * np.pi * 4 * STEPS))
    assert wave["level"] == pytest.approx(3.0)
    assert wave["range"] == pytest.approx(4.0, abs=0.05)
    assert wave["period"] == pytest.approx(1 / 4)
    assert wave["trend"] == pytest.approx(0.0, abs=1e-9)
    assert wave["number of bursts"] == 0
    rising = features(STEPS)
    assert (rising["peak time"], rising["low time"]) == (1.0, 0.0)
    assert rising["trend"] > 2 > 0 > features(-STEPS)["trend"]
    spiky = np.zeros(120)
    spiky[[20, 21, 80]] = 5.0
    assert features(spiky)["number of bursts"] == 2
    assert features(spiky)["plateau"] == pytest.approx(3 / 120)
    assert features(np.tile([0.0, 1.0], 60))["roughness"] > features(np.sin(6 * STEPS))["roughness"] * 5


def test_a_constant_series_has_a_level_alone() -> None:
    assert features(np.full(50, 0.1)) == dict.fromkeys(WORDS, 0.0) | {"level": pytest.approx(0.1)}
    assert features(np.array([1.0, 2.0]))["range"] == 1.0


@given(arrays(float, st.integers(2, 60), elements=st.floats(-1e6, 1e6)))
def test_all_are_finite(values: np.ndarray) -> None:
    found = features(values)
    assert set(found) == set(WORDS)
    assert all(np.isfinite(value) for value in found.values())
    assert 0.0 <= found["period"] <= 1.0 and 0.0 <= found["plateau"] <= 1.0


def test_channels_are_named() -> None:
    two = of_channels(np.array([[1.0, 2.0], [3.0, 3.0]]), ["x", "y"])
    assert two["x: range"] == 1.0 and two["y: level"] == 3.0
    assert len(two) == 2 * len(WORDS)
    assert of_channels(np.array([[1.0, 2.0]]), [])["range"] == 1.0


def test_the_reason_is_what_sets_a_class_apart_and_fits_the_series() -> None:
    found = [{"level": level, "trend": trend} for level, trend in [(0, 0), (1, 4), (10, 1), (11, 5)]]
    differences = Differences(found, ["low", "low", "high", "high"])
    [first] = differences.reasons({"level": 9.0, "trend": 9.0}, "high", 1)
    assert (first.feature, first.value, first.usual, first.other) == ("level", 9.0, 10.5, 0.5)
    assert first.words == "a high level" and first.name == "level"
    assert differences.reasons({"level": 9.0, "trend": 9.0}, "low", 2)[0].feature == "level"  # none fits: all count
    [fits] = differences.reasons({"level": 9.0, "trend": 0.0}, "low", 2)
    assert (fits.feature, fits.words) == ("trend", "a falling trend")
    assert [one.feature for one in differences.reasons(None, "low", 2)] == ["level", "trend"]
    named = Differences([{"x: level": 0.0}, {"x: level": 1.0}], ["a", "b"]).reasons(None, "b", 1)[0]
    assert (named.words, named.name) == ("a high level of x", "level of x")
