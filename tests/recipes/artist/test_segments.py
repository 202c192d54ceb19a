"""Half-open intervals: what is cut, widened, covered and found again, against sets of steps."""

import doctest

from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.artist import segments
from recipes.artist.question import Interval
from recipes.artist.segments import clamp, common, coverage, precision, recall, union, widen

LENGTH = 30
inside = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, LENGTH)).filter(lambda one: one[0] < one[1])
several = st.lists(inside, max_size=5)


def as_set(found: list[Interval]) -> set[int]:
    return {step for start, end in found for step in range(start, end)}


def test_examples() -> None:
    assert not doctest.testmod(segments).failed
    assert clamp((-5, 10), 8) == (0, 8) and clamp((8, 12), 8) is None and clamp((5, 5), 8) is None
    assert union([(5, 9), (0, 2), (2, 4), (8, 10)]) == [(0, 4), (5, 10)]
    assert coverage([(0, 50), (25, 75)], 100) == 0.75  # overlap counts once
    assert precision([(0, 10)], [(5, 25)]) == 0.5 and recall([(0, 10)], [(5, 25)]) == 0.25
    assert precision([], [(0, 1)]) == recall([(0, 1)], []) == coverage([], 0) == 0.0


@settings(max_examples=60, deadline=None)
@given(several, several)
def test_they_are_sets_of_steps(one: list[Interval], other: list[Interval]) -> None:
    assert as_set(union(one)) == as_set(one) and union(one) == sorted(union(one))
    assert common(one, other) == len(as_set(one) & as_set(other))
    assert coverage(one, LENGTH) == len(as_set(one)) / LENGTH


@settings(max_examples=60, deadline=None)
@given(inside, st.integers(1, 2 * LENGTH))
def test_widened_it_holds_what_it_held(segment: Interval, least: int) -> None:
    start, end = widen(segment, least, LENGTH)
    assert 0 <= start <= segment[0] and segment[1] <= end <= LENGTH
    assert end - start == max(segment[1] - segment[0], min(least, LENGTH))


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30)), st.integers(0, LENGTH))
def test_cut_it_lies_in_the_series(segment: Interval, length: int) -> None:
    found = clamp(segment, length)
    assert found is None or 0 <= found[0] < found[1] <= length
