"""Classifiers without a language model, which every answer is set beside: 1-NN with DTW, and ROCKET.

They learn from the very training part that the rows are made of, and are asked the questions of ``val`` and ``test``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from data_pipelines.labelled.series import Labelled
from data_pipelines.labelled.shape import stretched
from src.errors import DataError

Log = Callable[[str], None]
Floats = NDArray[np.float64]

KERNELS = 2000
BAND = 0.1  # of the length, that a point may be moved by: the usual band of Sakoe and Chiba
_PAIRS_AT_ONCE = 1024
# Cells of all distances' cost matrices; about a minute of one core.
MOST_LEARNED = 4000  # series; the ridge classifier takes minutes with more
MOST_CELLS = 5_000_000_000


def dtw_1nn(train: Labelled, asked: Labelled, seed: int, log: Log) -> list[str] | None:
    """The class of the nearest training series by dynamic time warping within a band; channels are warped together.

    Where all distances would take minutes, the nearest is sought among some of each class, and ``log`` is told.

    Returns:
        None where even that would take too long.
    """
    known, wanted = _stacked(train, asked)
    channels, length = known.shape[1:]
    band = int(np.ceil(BAND * length))
    room = MOST_CELLS // ((2 * band + 1) * length * channels * len(wanted))
    places = _some_of_each(train.labels, int(room), seed)
    if not len(places):
        log(f"dtw_1nn is left out: {len(known)} x {len(wanted)} distances of {length} steps would take very long")
        return None
    if len(places) < len(known):
        log(f"dtw_1nn seeks the nearest among {len(places)} of {len(known)} training series, as many of each class")
    together = max(1, _PAIRS_AT_ONCE // len(places))
    nearest: list[int] = []
    for first in range(0, len(wanted), together):
        nearest += distances(known[places], wanted[first : first + together], band).argmin(axis=1).tolist()
    return [train.labels[places[place]] for place in nearest]


def distances(known: Floats, asked: Floats, band: int) -> Floats:
    """The squared DTW distance of each series asked from each known one within a band (Sakoe and Chiba 1978), (M, N).

    All pairs are warped side by side, cell by cell: libraries go pair by pair, which takes many times as long here.

    Args:
        known: (N, C, L).
        asked: (M, C, L).
        band: the most steps that a point is moved by.
    """
    (count, _, length), most = known.shape, len(asked)
    columns = np.ascontiguousarray(known.transpose(2, 1, 0))[:, :, None]  # (L, C, 1, N)
    rows = np.ascontiguousarray(asked.transpose(2, 1, 0))[..., None]  # (L, C, M, 1)
    before, now = np.full((2, length + 1, most, count), np.inf)
    before[0] = 0.0
    for step in range(length):
        first, last = max(0, step - band), min(length, step + band + 1)
        costs = np.square(columns[first:last] - rows[step]).sum(axis=1)
        reached = np.minimum(before[first:last], before[first + 1 : last + 1])
        now[: first + 1] = np.inf
        for place in range(first, last):
            np.minimum(reached[place - first], now[place], out=now[place + 1])
            now[place + 1] += costs[place - first]
        now[last + 1 :] = np.inf
        before, now = now, before
    return before[length]


def _some_of_each(labels: Sequence[str], room: int, seed: int) -> NDArray[np.intp]:
    """At most ``room`` places, equally many of each class; all where they fit, none where not each class has one."""
    if len(labels) <= room:
        return np.arange(len(labels))
    names = list(dict.fromkeys(labels))
    each, given = room // len(names), np.array(labels)
    random = np.random.default_rng(seed)
    chosen = [random.permutation(np.flatnonzero(given == name))[:each] for name in names]
    return np.sort(np.concatenate(chosen)) if each else np.array([], dtype=np.intp)


def rocket(train: Labelled, asked: Labelled, seed: int, log: Log) -> list[str] | None:
    """ROCKET (Dempster et al. 2020) of pyts with a ridge classifier; the kernels are shared out among channels."""
    from pyts.transformation import ROCKET
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    places = _some_of_each(train.labels, MOST_LEARNED, seed)
    if len(places) < len(train):
        log(f"rocket learns from {len(places)} of {len(train)} training series, as many of each class")
    train = train.take(places)
    known, wanted = _stacked(train, asked)
    length, each = known.shape[2], max(1, KERNELS // known.shape[1])
    sizes = np.array([size for size in (7, 9, 11) if size <= length] or [length])
    features: list[tuple[Floats, Floats]] = []
    with threadpool_limits(1):  # threads that wait for each other take minutes on a busy machine
        for channel in range(known.shape[1]):
            kernels = ROCKET(n_kernels=each, kernel_sizes=sizes, random_state=seed + channel).fit(known[:, channel])
            features.append((kernels.transform(known[:, channel]), kernels.transform(wanted[:, channel])))
        learned, new = (np.hstack(some) for some in zip(*features, strict=True))
        model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))
        model.fit(learned, np.array(train.labels))
        return [str(label) for label in model.predict(new)]


SOLVERS: Mapping[str, Callable[[Labelled, Labelled, int, Log], list[str] | None]] = {
    "dtw_1nn": dtw_1nn,
    "rocket": rocket,
}


def solve(names: Sequence[str], train: Labelled, asked: Labelled, seed: int, log: Log) -> list[dict[str, str]]:
    """What each solver answers to each of the series asked.

    Raises:
        DataError: pyts is missing.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        try:
            given = SOLVERS[name](train, asked, seed, log)
        except ImportError as error:
            raise DataError(
                f"{name} needs the package {error.name}, which is missing: pip install pyts==0.14.1, or leave it "
                "out of dataset.solvers"
            ) from None
        if given is not None:
            found[name] = given
    return [{name: given[place] for name, given in found.items()} for place in range(len(asked))]


def _stacked(train: Labelled, asked: Labelled) -> tuple[Floats, Floats]:
    """Both as (N, C, L) of one length, the longest of the training part."""
    length = max(one.shape[1] for one in train.series)
    return tuple(np.stack([stretched(one, length) for one in part.series]) for part in (train, asked))  # type: ignore[return-value]
