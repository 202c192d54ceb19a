"""Scales by hand, and what has none."""

import pytest
from toy_forecast import forecast_row

from src.tasks.forecast.scale import naive_error, scales


def test_the_naive_error_by_hand() -> None:
    assert naive_error([[1, 2, 4, 7]], 1) == pytest.approx(2)
    assert naive_error([[1, 2, 4, 7]], 2) == pytest.approx((3 + 5) / 2)
    assert naive_error([[1, 2, 4, 7], [0, 0, 0, 6]], 2) == pytest.approx((3 + 5 + 0 + 6) / 4)
    assert naive_error([[1, 2, 4, 7]], 4) is None, "no two values are a season apart"
    assert naive_error([[1, 2, 1, 2]], 2) is None, "they repeat exactly"


def test_a_scale_is_the_training_parts_where_rows_have_it() -> None:
    rows = [forecast_row([1], [1, 2, 4, 7], scale=0.5), forecast_row([1], [1, 2, 4, 7], channel="b", scale=None)]
    found = scales(rows)
    assert found.of == {"a": 0.5, "b": None}
    assert found.words == (
        "in units of the naive forecast's error one day ahead (season: 2 steps) in the training part; without b, whose "
        "values repeat exactly there or are too few"
    )


def test_a_series_without_a_season_is_scaled_by_its_steps() -> None:
    found = scales([forecast_row([1], [1, 2, 4, 7], seasons={})])
    assert found.of == {"a": 2.0}
    assert found.words == "in units of the naive forecast's error one step ahead (no season) in the histories shown"
