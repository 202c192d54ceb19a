"""Bring series into the shape that is shown: windows, channels, missing values, length; what is changed is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from data_pipelines.labelled.series import Archive, Labelled
from data_pipelines.labelled.settings import LabelledSettings
from src.errors import DataError

Log = Callable[[str], None]
Floats = NDArray[np.float64]


def shaped(archive: Archive, settings: LabelledSettings, log: Log) -> Archive:
    """The archive as the settings want it shown.

    Args:
        log: told in words what was filled, left out or resampled.

    Raises:
        DataError: values are missing that may not be filled, or a channel that does not exist is asked for.
    """
    chosen, names = _channels(archive, settings, log)
    parts = {}
    for split, part in archive.parts.items():
        kept = Labelled([one[chosen] for one in part.series], part.labels, part.groups)
        if settings.window is not None:
            kept = _windows(kept, settings.window, f"dataset {settings.name}, {split}", log)
        filled = _filled(kept, settings.missing, f"dataset {settings.name}, {split}", log)
        parts[split] = _shortened(filled, settings.max_length, f"dataset {settings.name}, {split}", log)
        _say_odd(parts[split], f"dataset {settings.name}, {split}", log)
    return Archive(parts, names)


def _channels(archive: Archive, settings: LabelledSettings, log: Log) -> tuple[list[int], list[str]]:
    count = len(next(iter(archive.parts["train"].series)))
    names = list(archive.channels) or ([] if count == 1 else [f"channel {place + 1}" for place in range(count)])
    chosen = list(range(count))
    if settings.channels is not None:
        if unknown := [name for name in settings.channels if name not in names]:
            raise DataError(
                f"dataset.channels names '{unknown[0]}', which dataset {settings.name} does not have: choose from "
                f"{', '.join(names) or 'none: it has one channel'}"
            )
        chosen = [names.index(name) for name in settings.channels]
    if len(chosen) > settings.max_channels:
        log(
            f"dataset {settings.name}: the first {settings.max_channels} of {len(chosen)} channels are shown: name "
            "others with dataset.channels, or raise dataset.max_channels"
        )
        chosen = chosen[: settings.max_channels]
    return chosen, [names[place] for place in chosen] if names else []


def _windows(part: Labelled, length: int, what: str, log: Log) -> Labelled:
    """Series cut into windows that follow each other; each keeps its series as group."""
    groups = part.groups or [str(place) for place in range(len(part))]
    series: list[Floats] = []
    labels: list[str] = []
    of: list[str] = []
    short = 0
    for one, label, group in zip(part.series, part.labels, groups, strict=True):
        count = one.shape[1] // length
        short += not count
        series.extend(one[:, place * length : (place + 1) * length] for place in range(count))
        labels.extend([label] * count)
        of.extend([group] * count)
    left = f"; {short} shorter than one window are left out" if short else ""
    log(f"{what}: {len(part)} recordings are cut into {len(series)} windows of {length} steps{left}")
    if not series:
        raise DataError(f"{what}: no series is as long as dataset.window={length}: lower it")
    return Labelled(series, labels, of)


def _filled(part: Labelled, how: str, what: str, log: Log) -> Labelled:
    """Series without missing values: a line between the neighbours, the nearest value at both ends."""
    lacking = [place for place, one in enumerate(part.series) if not np.isfinite(one).all()]
    if not lacking:
        return part
    gone = sum(int((~np.isfinite(part.series[place])).sum()) for place in lacking)
    of = sum(one.size for one in part.series)
    if how == "refuse":
        raise DataError(
            f"{what}: {gone:,} of {of:,} values are missing, the first in series {lacking[0] + 1}: fill them, or set "
            "dataset.missing=interpolate"
        )
    series = list(part.series)
    for place in lacking:
        if not np.isfinite(series[place]).any(axis=1).all():
            raise DataError(f"{what}: series {place + 1} has a channel without any value: remove it")
        series[place] = np.array([_interpolated(channel) for channel in series[place]])
    log(
        f"{what}: {gone:,} of {of:,} values are missing, in {len(lacking)} of {len(part)} series; lines between their "
        "neighbours fill them (dataset.missing=refuse stops instead)"
    )
    return Labelled(series, part.labels, part.groups)


def _interpolated(channel: Floats) -> Floats:
    held = np.flatnonzero(np.isfinite(channel))
    return np.interp(np.arange(len(channel)), held, channel[held])


def _shortened(part: Labelled, longest: int | None, what: str, log: Log) -> Labelled:
    if longest is None or all(one.shape[1] <= longest for one in part.series):
        return part
    long = [one.shape[1] for one in part.series if one.shape[1] > longest]
    log(
        f"{what}: {len(long)} of {len(part)} series are longer than dataset.max_length={longest} steps (up to "
        f"{max(long)}); each is shown as {longest} means of equal spans"
    )
    return Labelled([averaged(one, longest) for one in part.series], part.labels, part.groups)


def averaged(one: Floats, length: int) -> Floats:
    """A series (C, L) as at most ``length`` means over spans of equal, also broken, numbers of steps."""
    if one.shape[1] <= length:
        return one
    sums = np.concatenate([np.zeros((len(one), 1)), np.cumsum(one, axis=1)], axis=1)
    edges = np.linspace(0, one.shape[1], length + 1)
    at = np.array([np.interp(edges, np.arange(one.shape[1] + 1), channel) for channel in sums])
    return np.diff(at, axis=1) * length / one.shape[1]


def stretched(one: Floats, length: int) -> Floats:
    """A series (C, L) at ``length`` equally spaced places, for classifiers that need equal lengths."""
    if one.shape[1] == length:
        return one
    places = np.linspace(0, one.shape[1] - 1, length)
    return np.array([np.interp(places, np.arange(one.shape[1]), channel) for channel in one])


def _say_odd(part: Labelled, what: str, log: Log) -> None:
    lengths = sorted({one.shape[1] for one in part.series})
    if len(lengths) > 1:
        log(
            f"{what}: series have {lengths[0]} to {lengths[-1]} steps; each is shown at its own length, and solvers "
            "see all stretched to the longest"
        )
    if constant := [place for place, one in enumerate(part.series) if np.ptp(one, axis=1).max() == 0]:
        log(f"{what}: {len(constant)} of {len(part)} series are constant, the first is series {constant[0] + 1}")


def lengths_of(parts: Sequence[Labelled]) -> tuple[int, int]:
    """The shortest and the longest series."""
    found = [one.shape[1] for part in parts for one in part.series]
    return min(found), max(found)
