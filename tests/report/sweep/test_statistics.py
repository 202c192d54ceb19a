"""The statistics of a sweep against known values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.report.sweep.statistics import holm, mean_interval, paired_questions, paired_seeds, smallest_p

NUMBERS = st.floats(-1e3, 1e3).map(lambda value: round(value, 6))


def test_students_interval_of_a_textbook_sample() -> None:
    # n = 5, s = sqrt(2.5), t(0.975, 4) = 2.776445
    mean = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (mean.value, mean.n) == (3.0, 5)
    assert mean.half == pytest.approx(2.776445 * math.sqrt(2.5) / math.sqrt(5), rel=1e-6)


def test_two_values_have_a_wide_interval_and_one_has_none() -> None:
    assert mean_interval([1.0, 3.0]).half == pytest.approx(12.7062, rel=1e-4)  # t(0.975, 1) * sqrt(2) / sqrt(2)
    assert math.isnan(mean_interval([2.0]).half) and mean_interval([2.0]).value == 2.0
    assert math.isnan(mean_interval([]).value) and mean_interval([]).n == 0


def test_what_is_not_finite_does_not_count() -> None:
    assert mean_interval([1.0, math.nan, 3.0, math.inf]).n == 2


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = [abs(one.value) <= one.half for one in (mean_interval(rng.normal(size=3)) for _ in range(2000))]
    assert 0.93 < np.mean(hits) < 0.97


@pytest.mark.parametrize(("n", "p"), [(2, 0.5), (3, 0.25), (5, 0.0625), (6, 0.03125), (8, 2 / 256)])
def test_the_sign_flip_test_is_exact(n: int, p: float) -> None:
    paired = paired_seeds([0.1 + 0.01 * k for k in range(n)])  # all agree in sign
    assert paired.p == pytest.approx(p) == smallest_p(n)
    assert paired.n == n


def test_the_sign_flip_test_counts_the_flips() -> None:
    # of the 8 sign patterns of (1, 2, 4), those with a sum of at least 5 are +++ (7) and -++ (5): p = 2 * 2/8
    assert paired_seeds([-1.0, 2.0, 4.0]).p == pytest.approx(0.5)


def test_the_interval_lies_around_the_difference() -> None:
    differences = np.random.default_rng(1).normal(0.5, 1.0, 200)
    paired = paired_seeds(differences)
    assert paired.difference == pytest.approx(differences.mean())
    error = differences.std() / math.sqrt(200)
    assert paired.low == pytest.approx(paired.difference - 1.96 * error, abs=0.03)
    assert paired.high == pytest.approx(paired.difference + 1.96 * error, abs=0.03)
    assert paired.p < 0.001


def test_equal_differences_have_an_interval_of_no_width() -> None:
    paired = paired_seeds([0.2, 0.2, 0.2])
    assert (paired.low, paired.high) == (pytest.approx(0.2), pytest.approx(0.2))


def test_fewer_than_two_pairs_say_nothing() -> None:
    one = paired_seeds([0.3])
    assert one.difference == 0.3 and one.n == 1
    assert all(map(math.isnan, (one.low, one.high, one.p)))
    assert math.isnan(paired_seeds([]).difference)


def test_three_seeds_that_agree_in_sign_are_not_certain_for_that() -> None:
    paired = paired_seeds([0.01, 0.4, 0.02])
    assert paired.low < 0 < paired.high, "percentiles of resampled seeds would always leave zero out"


def test_questions_of_one_item_are_one_observation() -> None:
    values = np.random.default_rng(3).normal(0.5, 1.0, 20)
    once, copied = paired_questions(values, range(20)), paired_questions([*values] * 4, [*range(20)] * 4)
    assert (once.n, once.items, copied.n, copied.items) == (20, 20, 80, 20)
    assert (copied.low, copied.high, copied.p) == pytest.approx((once.low, once.high, once.p))
    error = values.std(ddof=1) / math.sqrt(20)
    assert once.high - once.low == pytest.approx(2 * 2.093 * error, rel=0.05)  # t(0.975, 19)
    alone = paired_questions(values, [0] * 20)
    assert alone.items == 1 and all(map(math.isnan, (alone.low, alone.high, alone.p)))


def test_no_effect_is_found_as_rarely_as_it_says() -> None:
    rng = np.random.default_rng(2)
    found = [paired_seeds(rng.normal(size=6)).p <= 0.05 for _ in range(200)]
    assert np.mean(found) <= 0.08


def test_holm_of_a_known_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_out_what_was_not_tested() -> None:
    corrected = holm([0.03, math.nan])
    assert corrected[0] == pytest.approx(0.03) and math.isnan(corrected[1])
    assert holm([]) == []


@given(st.lists(NUMBERS, min_size=2, max_size=8))
def test_a_comparison_is_the_same_from_the_other_side(differences: list[float]) -> None:
    one, other = paired_seeds(differences), paired_seeds([-value for value in differences])
    assert one.difference == pytest.approx(-other.difference)
    assert one.p == pytest.approx(other.p)
    assert one.low <= one.high
    assert one.low - 1e-9 <= one.difference <= one.high + 1e-9 or len(set(differences)) > 1
