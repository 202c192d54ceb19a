"""What the names of metrics and baselines say."""

import math

import pytest

from src.record.metric_names import is_bound, lower_is_better, metric_words, select


def test_a_star_is_one_segment_and_means_the_mean() -> None:
    scores = {"val/a/mse": 1.0, "val/b/mse": 3.0, "val/a/baseline/last_day/mse": 100.0, "val/a/mae": 7.0}
    assert select(scores, "val/*/mse") == 2.0
    assert select(scores, "val/b/mse") == 3.0
    assert math.isnan(select(scores, "val/*/none"))


@pytest.mark.parametrize(
    ("metric", "lower"),
    [("val/*/mse", True), ("val/etth1/fail_frac", True), ("train/loss", True), ("val/*/reward", False),
     ("val/x/accuracy", False), ("reward/mse/mean", False), ("actor/entropy", False)],
)  # fmt: skip
def test_errors_and_losses_are_better_when_lower(metric: str, lower: bool) -> None:
    assert lower_is_better(metric) is lower


def test_names_in_words_and_bounds() -> None:
    assert [metric_words(name) for name in ("mse", "mae_all", "acc_all", "success")] == [
        "MSE", "MAE all", "acc all", "success",
    ]  # fmt: skip
    names = ("oracle", "noise_floor", "oracle_of_rules", "majority", "last_day")
    assert [is_bound(name) for name in names] == [True, True, True, False, False]
