"""1-NN with DTW against pyts, and ROCKET on what it can tell apart."""

import numpy as np
import pytest
from labelled_archives import waves

from data_pipelines.labelled import solvers
from data_pipelines.labelled.series import Labelled

PYTS = "pyts has ROCKET and the DTW that this one is held against"


def part(count: int, seed: int, channels: int = 1) -> Labelled:
    return Labelled(waves(count, 24, channels, seed), ["one" if place % 2 == 0 else "three" for place in range(count)])


@pytest.mark.parametrize("band", [2, 23])
def test_the_distance_is_that_of_dynamic_time_warping(band: int) -> None:
    random = np.random.default_rng(0)
    known, one = random.normal(size=(5, 1, 24)), random.normal(size=(1, 24))
    wanted = []
    for other in known[:, 0]:  # the textbook's recursion, cell by cell
        cost = np.full((25, 25), np.inf)
        cost[0, 0] = 0
        for i in range(1, 25):
            for j in range(max(1, i - band), min(24, i + band) + 1):
                cost[i, j] = (one[0, i - 1] - other[j - 1]) ** 2 + min(
                    cost[i - 1, j], cost[i, j - 1], cost[i - 1, j - 1]
                )
        wanted.append(cost[24, 24])
    np.testing.assert_allclose(solvers.distances(known, one[None], band), [wanted])


@pytest.mark.slow
def test_the_distance_is_that_of_pyts() -> None:
    metrics = pytest.importorskip("pyts.metrics", reason=PYTS)
    random = np.random.default_rng(0)
    known, one = random.normal(size=(4, 1, 30)), random.normal(size=(1, 30))
    wanted = [metrics.dtw(one[0], other[0], method="classic") ** 2 for other in known]
    np.testing.assert_allclose(solvers.distances(known, one[None], 30), [wanted])


def test_dtw_tells_waves_apart_in_several_channels_and_lengths() -> None:
    train, asked = part(8, 0, channels=3), part(6, 1, channels=3)
    short = Labelled([one[:, ::2] for one in asked.series], asked.labels)
    lines: list[str] = []
    for some in (asked, short):
        assert solvers.dtw_1nn(train, some, 0, lines.append) == list(some.labels)
    assert lines == []


def test_too_many_distances_are_some_of_each_class_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    train, asked = part(20, 0), part(4, 1)
    cells = 24 * (2 * 3 + 1) * len(asked)
    monkeypatch.setattr(solvers, "MOST_CELLS", 6 * cells)
    lines: list[str] = []
    assert solvers.dtw_1nn(train, asked, 0, lines.append) == list(asked.labels)
    assert lines == ["dtw_1nn seeks the nearest among 6 of 20 training series, as many of each class"]
    monkeypatch.setattr(solvers, "MOST_CELLS", cells)
    assert solvers.solve(["dtw_1nn"], train, asked, 0, lines.append) == [{}] * 4
    assert "dtw_1nn is left out" in lines[-1]


@pytest.mark.slow
def test_rocket_tells_waves_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyts", reason=PYTS)
    monkeypatch.setattr(solvers, "KERNELS", 100)
    monkeypatch.setattr(solvers, "MOST_LEARNED", 10)
    train, asked = part(12, 0, channels=2), part(6, 1, channels=2)
    lines: list[str] = []
    found = solvers.solve(["rocket"], train, asked, 0, lines.append)
    assert [one["rocket"] for one in found] == list(asked.labels)
    assert found == solvers.solve(["rocket"], train, asked, 0, lines.append)
    assert lines[0] == "rocket learns from 10 of 12 training series, as many of each class"
