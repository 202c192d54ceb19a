"""Two gauging stations of a river network: storms, catchments, routing, and what the printed series prove.

The simulator follows the physics that makes the task solvable without looking at magnitudes: a storm reaches the
upstream station first, and the same water passes the downstream one a delay later, smoothed by a linear reservoir.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter

from recipes.timeomni1.tasks.drawing import Floats, integer, uniform

LABELS = ("forward", "backward", "none")


@dataclass(frozen=True)
class Basin:
    """Parameters of a river basin; intervals are drawn from uniformly, times in sub-steps unless said otherwise."""

    name: str
    unit: str
    factor: float  # from the simulator's flow to the unit
    decimals: int
    samples: int
    burn_in: int  # samples
    substeps: int  # of one sample
    storms: float  # chance of a storm per sub-step
    shape: tuple[float, float]  # of the gamma unit hydrograph
    scale: tuple[float, float]
    delay: tuple[int, int]  # samples
    reservoir: tuple[float, float]  # time constant
    shared: tuple[float, ...]  # shares of storms that reach both catchments; the level is the position
    flash: tuple[float, float]  # size of the sharp inflow beside a gauge, which hides that routing smooths
    max_lag: int  # samples that a solver has to look back
    noise: float = 0.01  # multiplicative


LOWLAND = Basin(
    name="lowland-basin", unit="m3/s", factor=1.0, decimals=2, samples=62, burn_in=40, substeps=4, storms=0.02,
    shape=(1.5, 3.0), scale=(2.0, 5.0), delay=(1, 4), reservoir=(0.5, 1.5), shared=(0.0, 0.5, 0.8), flash=(0.2, 3.0),
    max_lag=6,
)  # fmt: skip
# Held out: longer delays, sharper floods, storms that nearly always reach both catchments, another unit.
ALPINE = Basin(
    name="alpine-basin", unit="L/s", factor=40.0, decimals=1, samples=62, burn_in=40, substeps=4, storms=0.02,
    shape=(1.2, 2.0), scale=(1.5, 3.0), delay=(3, 6), reservoir=(0.5, 1.5), shared=(0.8,), flash=(0.2, 3.0), max_lag=8,
)  # fmt: skip


@dataclass(frozen=True)
class Brook:
    """The size ``short``: two floods of an hour or two in ten hours. delay: hours on the way; shared: as in a basin."""

    name: str
    delay: tuple[int, int]
    shared: tuple[float, ...]
    samples: int = 10

    @property
    def max_lag(self) -> int:
        """Hours that a solver has to look back."""
        return self.delay[1]


SHORT = Brook("brook-basin", delay=(1, 2), shared=(0.0, 0.3, 0.6))
# Held out: water that takes longer.
SHORT_OOD = Brook("torrent-basin", delay=(3, 3), shared=(0.6,))


@dataclass(frozen=True)
class Evidence:
    """Cross-correlations of the changes of two series: the peaks with the first or the second leading, and at lag 0."""

    forward: float
    forward_lag: int
    backward: float
    backward_lag: int
    zero: float

    @property
    def decision(self) -> str:
        """The oracle's label, at a threshold of 0.35."""
        if max(self.forward, self.backward) < 0.35:
            return "none"
        return "forward" if self.forward > self.backward else "backward"

    def proves(self, label: str) -> bool:
        """Whether the evidence shows the label with a margin that noise does not bridge."""
        if label == "none":
            return max(self.forward, self.backward) < 0.30
        ahead, behind = (self.forward, self.backward) if label == "forward" else (self.backward, self.forward)
        return ahead > 0.45 and ahead - behind > 0.15 and ahead - self.zero > 0.10


def evidence(first: Floats, second: Floats, max_lag: int) -> Evidence:
    """Cross-correlation of the first differences of two series (n,) up to ``max_lag`` samples either way."""
    a, b = np.diff(first), np.diff(second)
    scale = len(a) * a.std() * b.std()
    if scale == 0:
        return Evidence(0.0, 1, 0.0, 1, 0.0)
    full = np.correlate(b - b.mean(), a - a.mean(), "full") / scale
    middle = len(a) - 1
    ahead, behind = full[middle + 1 : middle + 1 + max_lag], full[middle - max_lag : middle][::-1]
    i, j = int(ahead.argmax()), int(behind.argmax())
    return Evidence(float(ahead[i]), i + 1, float(behind[j]), j + 1, float(full[middle]))


def two_peaks(series: Floats, margin: float = 2.0) -> tuple[int, int] | None:
    """Positions of the two highest peaks, in order; None unless each stands out from every other by ``margin``."""
    padded = np.concatenate([[-np.inf], series, [-np.inf]])
    tops = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
    ranked = tops[np.argsort(-series[tops], kind="stable")]
    if len(ranked) < 2 or {0, len(series) - 1} & {int(ranked[0]), int(ranked[1])}:
        return None
    if len(ranked) > 2 and series[ranked[1]] - series[ranked[2]] < margin:
        return None
    early, late = sorted(int(position) for position in ranked[:2])
    return early, late


def _hydrograph(rng: Generator, basin: Basin, steps: int) -> Floats:
    """Gamma unit hydrograph with a peak of 1."""
    shape, scale = uniform(rng, basin.shape), uniform(rng, basin.scale)
    time = np.arange(steps) + 0.5
    curve = time ** (shape - 1) * np.exp(-time / scale)
    return curve / float(curve.max())


def _storms(rng: Generator, basin: Basin, steps: int, share: float) -> NDArray[np.bool_]:
    return rng.random(steps) < basin.storms * share


def _rains(rng: Generator, basin: Basin, steps: int, shared: float) -> list[Floats]:
    """Rain on two catchments: a share of the storms reaches both at once, each with a depth of its own."""
    regional = _storms(rng, basin, steps, shared)
    local = [_storms(rng, basin, steps, 1 - shared) for _ in range(2)]
    return [(regional | own) * rng.gamma(1.5, 1.0, steps) for own in local]


def _runoff(rain: Floats, hydrograph: Floats) -> Floats:
    return np.convolve(rain, hydrograph)[: len(rain)].astype(np.float64)


def _flashes(rng: Generator, basin: Basin, steps: int) -> Floats:
    """Runoff of sealed ground beside a gauge: sharp and frequent, and over before it reaches another station."""
    bursts = _storms(rng, basin, steps, 2.0) * rng.gamma(1.5, 1.0, steps)
    return np.convolve(bursts, np.exp(-np.arange(60) / (0.5 * basin.substeps)))[:steps]


def _route(rng: Generator, basin: Basin, flow: Floats, *, delayed: bool = True) -> Floats:
    """A pure delay, and then a linear reservoir."""
    delay = integer(rng, basin.delay) * basin.substeps if delayed else 0
    keep = float(np.exp(-1 / uniform(rng, basin.reservoir)))
    late = np.concatenate([np.full(delay, flow[0]), flow[: len(flow) - delay]])
    return lfilter([1 - keep], [1, -keep], late, zi=[late[0] * keep])[0]


def _natural(rng: Generator, basin: Basin, rains: list[Floats], connected: bool) -> list[Floats]:
    """As on real maps: what flows on is joined by more, so that the station downstream is the larger one."""
    curves = [_hydrograph(rng, basin, 60) for _ in rains]
    base, size = (1.0, 4.0), (2.0, 6.0)
    up = uniform(rng, base) + uniform(rng, size) * _runoff(rains[0], curves[0])
    if not connected:
        return [up, uniform(rng, base) + uniform(rng, size) * _runoff(rains[1], curves[1])]
    lateral = uniform(rng, (0.5, 2.0)) + uniform(rng, (0.1, 0.6)) * _runoff(rains[1], curves[1])
    return [up, uniform(rng, (0.95, 1.0)) * _route(rng, basin, up) + lateral]


def _balanced(rng: Generator, basin: Basin, rains: list[Floats], connected: bool) -> list[Floats]:
    """Tributaries and diversions change base and size of a flood on the way, so that both are drawn for each station.

    Two stations that are not connected are made in the same way, the second from rain of its own and without a delay:
    whatever one station shows by itself is distributed alike in all labels, but for the little that routing smooths,
    and it is the delay that tells them apart.
    """
    curve = _hydrograph(rng, basin, 60)
    first = _route(rng, basin, _runoff(rains[0], curve), delayed=False)
    other = first if connected else _route(rng, basin, _runoff(rains[1], curve), delayed=False)
    waves = [first, _route(rng, basin, other, delayed=connected)]
    return [
        uniform(rng, (1.0, 4.0))
        + uniform(rng, (2.0, 6.0)) * wave
        + uniform(rng, basin.flash) * _flashes(rng, basin, len(wave))
        for wave in waves
    ]


def simulate(rng: Generator, basin: Basin, label: str, shared: float, balanced: bool) -> tuple[Floats, Floats]:
    """Discharge at the first and the second station (samples,), as printed.

    Args:
        balanced: neither size nor spread nor roughness of a series tells the label. Otherwise the downstream river is
            always the larger one, as on real maps.
    """
    steps = (basin.samples + basin.burn_in) * basin.substeps
    rains = _rains(rng, basin, steps, shared)
    flows = (_balanced if balanced else _natural)(rng, basin, rains, label != "none")
    if label == "backward" or (label == "none" and rng.random() < 0.5):
        flows.reverse()
    printed = []
    for flow in flows:
        means = flow[basin.burn_in * basin.substeps :].reshape(basin.samples, basin.substeps).mean(axis=1)
        noisy = means * (1 + basin.noise * rng.standard_normal(basin.samples))
        printed.append(np.round(noisy * basin.factor, basin.decimals))
    return printed[0], printed[1]


def simulate_short(rng: Generator, brook: Brook, label: str, shared: float) -> tuple[Floats, Floats]:
    """Flow (samples,) at the first and the second station in whole numbers of one digit, as printed.

    Floods of one river are further apart than water travels. Unrelated rivers share a storm with the chance
    ``shared``, that is, have a flood in the same hour; so have all that would otherwise look as if one followed.
    """
    gap = brook.max_lag + 1
    hours = _flood_hours(rng, brook, gap)
    if label == "none":
        other = list(hours)
        if rng.random() >= shared:  # one of the two storms misses the second river
            moved = int(rng.integers(2))
            free = [
                hour
                for hour in range(1, brook.samples - 1)
                if all(abs(hour - one) >= gap for one in hours) and (hour > hours[0] if moved else hour < hours[1])
            ]
            if free:
                other[moved] = free[int(rng.integers(len(free)))]
    else:
        delay = integer(rng, brook.delay)
        other = [hour + delay for hour in hours]
    flows = [_brook_flow(rng, brook, floods) for floods in (hours, other)]
    if label == "backward" or (label == "none" and rng.random() < 0.5):
        flows.reverse()
    return flows[0], flows[1]


def _flood_hours(rng: Generator, brook: Brook, gap: int) -> list[int]:
    last = brook.samples - 2
    early = integer(rng, (1, last - gap))
    return [early, integer(rng, (early + gap, last))]


def _brook_flow(rng: Generator, brook: Brook, floods: Sequence[int]) -> Floats:
    """A low flow, floods that stand out, and some water left in the hour after each."""
    flow = integer(rng, (1, 2)) + (rng.random(brook.samples) < 0.2).astype(np.float64)
    for hour in floods:
        if hour >= brook.samples - 1:
            return np.full(brook.samples, np.nan)
        flow[hour + 1] += integer(rng, (0, 1))
    flow[list(floods)] = rng.integers(6, 10, size=len(floods))
    return flow
