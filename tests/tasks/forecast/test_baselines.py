"""Baselines: hand-computed values, and the published figures on the released code's windows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from src.tasks.forecast.baselines import baseline_forecasts, seasons_of
from src.tasks.forecast.metrics import Forecast, Score, summarise

FILES = {
    "etth1": "ett/ETTh1.csv",
    "etth2": "ett/ETTh2.csv",
    "exchange": "exchange/exchange.csv",
    "nasdaq": "nasdaq/nasdaq.csv",
}
PERIOD = {"etth1": 24, "etth2": 24, "exchange": 7, "nasdaq": 5}

# MSE, MAE as printed: measured on exactly the windows of the released evaluation (10 per column).
PUBLISHED = {
    "etth1": {
        "last_value": ("26.00", "2.396"),
        "last_day": ("10.98", "1.590"),
        "window_mean": ("18.14", "2.380"),
        "daily_profile": ("6.98", "1.318"),
    },
    "etth2": {
        "last_value": ("19.20", "2.610"),
        "last_day": ("16.19", "2.145"),
        "window_mean": ("12.10", "2.112"),
        "daily_profile": ("10.10", "1.851"),
    },
    "exchange": {
        "last_value": ("0.0008", "0.0186"),
        "last_day": ("0.0009", "0.0188"),
        "window_mean": ("0.0012", "0.0223"),
        "daily_profile": ("0.0012", "0.0221"),
    },
    "nasdaq": {
        "last_value": ("0.00084", "0.0249"),
        "last_day": ("0.00093", "0.0263"),
        "window_mean": ("0.00057", "0.0201"),
        "daily_profile": ("0.00059", "0.0203"),
    },
}


def released_windows(shared_data: Path, name: str) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Yield (channel, number, history, target) of the released evaluation: ten windows per column."""
    frame = pd.read_csv(shared_data / FILES[name])
    length, stride = (36, 1) if name == "nasdaq" else (96, 96)
    first = 11424 if name.startswith("etth") else len(frame) - int(0.2 * len(frame)) - length
    for channel in frame.columns[1:]:
        values = frame[channel].to_numpy(dtype=float)
        for number in range(10):
            at = first + number * stride
            history = values[at : at + length]
            if not name.startswith("etth"):
                history = np.round(history, 3)  # the released code rounds inputs, not targets
            yield channel, number, history, values[at + length : at + 2 * length]


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_baselines_reproduce_the_published_figures(shared_data: Path, dataset: str) -> None:
    forecasts: dict[str, list[Forecast]] = {name: [] for name in PUBLISHED[dataset]}
    for channel, number, history, target in released_windows(shared_data, dataset):
        for name, forecast in baseline_forecasts(history, len(target), {"day": PERIOD[dataset]}).items():
            forecasts[name].append(Forecast(channel, number, target, forecast))
    for name, figures in PUBLISHED[dataset].items():
        score = summarise(forecasts[name]).pooled
        assert score.fail_frac == 0
        assert printed(score, figures) == figures, name


def printed(score: Score, like: tuple[str, str]) -> tuple[str, str]:
    """Print a score with as many decimals as the published figures have."""
    decimals = [len(text.split(".")[1]) for text in like]
    return f"{score.mse:.{decimals[0]}f}", f"{score.mae:.{decimals[1]}f}"


def test_each_baseline_by_hand() -> None:
    # a day of 3 steps, seven values: the oldest (100) fills no day and must not enter the profile
    forecasts = baseline_forecasts([100, 1, 2, 3, 5, 6, 7], horizon=4, seasons={"day": 3})
    assert forecasts["last_value"].tolist() == [7, 7, 7, 7]
    assert forecasts["last_day"].tolist() == [5, 6, 7, 5]
    assert forecasts["window_mean"].tolist() == pytest.approx([124 / 7] * 4)
    assert forecasts["daily_profile"].tolist() == [3, 4, 5, 3]


@pytest.mark.parametrize(
    ("length", "seasons", "names"),
    [(15, {"day": 2, "week": 14}, {"last_day", "daily_profile", "last_week"}),
     (28, {"day": 2, "week": 14}, {"last_day", "daily_profile", "last_week", "weekly_profile"}),
     (13, {"day": 2, "week": 14}, {"last_day", "daily_profile"}),
     (2, {"day": 2}, {"last_day"}), (1, {"day": 2}, set()), (9, {}, set()), (9, None, set()),
     (24, {"year": 12}, {"last_year", "yearly_profile"}), (24, {"season": 5}, {"last_season", "season_profile"})],
)  # fmt: skip
def test_every_season_that_the_history_holds_has_a_baseline_of_its_own_name(
    length: int, seasons: dict[str, int] | None, names: set[str]
) -> None:
    found = baseline_forecasts(list(range(length)), 3, seasons)
    assert set(found) == names | {"last_value", "window_mean"}
    for season, steps in (seasons or {}).items():
        if f"last_{season}" in found:
            first = length - steps
            assert found[f"last_{season}"].tolist() == [first + step % steps for step in range(3)]


def test_a_row_names_its_seasons_or_has_a_period_of_no_name() -> None:
    assert seasons_of({"seasons": {"year": 12}, "period": 12}) == {"year": 12}
    assert seasons_of({"seasons": {}, "period": 12}) == {}
    assert seasons_of({"period": 24}) == {"season": 24}
    assert seasons_of({"period": 1}) == seasons_of({}) == {}


@pytest.mark.parametrize("history", [[], [1.0, float("nan")], [[1.0, 2.0]]])
def test_a_history_that_is_no_series_is_refused(history: list) -> None:
    with pytest.raises(ValueError, match="non-empty list of finite numbers"):
        baseline_forecasts(history, 3)


@pytest.mark.parametrize(("horizon", "steps"), [(0, 24), (3, 0)])
def test_horizon_and_seasons_must_be_positive(horizon: int, steps: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, got {horizon} and {{'day': {steps}}}"):
        baseline_forecasts([1.0], horizon, {"day": steps})
