"""Stretches of a series: half-open intervals ``[start, end)`` of steps, counted from 0."""

from __future__ import annotations

from collections.abc import Sequence

from recipes.artist.question import Interval


def clamp(segment: Interval, length: int) -> Interval | None:
    """The part of a segment that lies in a series of ``length`` steps; None where there is none."""
    start, end = max(0, segment[0]), min(segment[1], length)
    return (start, end) if start < end else None


def widen(segment: Interval, least: int, length: int) -> Interval:
    """The segment with at least ``least`` steps, as far as the series has them: its end moves first, then its start.

    >>> widen((95, 97), 8, 100), widen((1, 3), 8, 5)
    ((92, 100), (0, 5))
    """
    start, end = segment
    end = max(end, min(start + least, length))
    return max(0, min(start, end - least)), end


def union(segments: Sequence[Interval]) -> list[Interval]:
    """What at least one of the segments covers, as intervals in order that neither overlap nor touch."""
    merged: list[Interval] = []
    for start, end in sorted(segments):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def steps(segments: Sequence[Interval]) -> int:
    """How many steps are covered, each counted once."""
    return sum(end - start for start, end in union(segments))


def coverage(segments: Sequence[Interval], length: int) -> float:
    """Share of a series that is covered."""
    return steps(segments) / length if length > 0 else 0.0


def common(one: Sequence[Interval], other: Sequence[Interval]) -> int:
    """How many steps both cover."""
    return steps(one) + steps(other) - steps([*one, *other])


def precision(segments: Sequence[Interval], evidence: Sequence[Interval]) -> float:
    """Share of the steps that were read which are evidence; 0 where nothing was read."""
    read = steps(segments)
    return common(segments, evidence) / read if read else 0.0


def recall(segments: Sequence[Interval], evidence: Sequence[Interval]) -> float:
    """Share of the evidence that was read; 0 where there is none."""
    there = steps(evidence)
    return common(segments, evidence) / there if there else 0.0
