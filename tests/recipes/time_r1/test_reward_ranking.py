"""The strict preset ranks policies by their errors, on every dataset whose series is at hand, with its settings."""

from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from policies import forecasts
from scipy.stats import spearmanr

from data_pipelines.forecast import Forecast
from recipes.time_r1.reward import _settings
from recipes.time_r1.reward_strict import StrictSettings, strict_terms
from src.config.group import compose_group
from src.tasks.forecast.answer import ForecastAnswer
from src.tasks.row import Row
from src.tasks.task import load_task

WINDOWS = 2500  # a single week decides the mean squared error of a few hundred windows of ETTh2
FOLDERS = {"demand": None, "etth1": "ett", "etth2": "ett", "exchange": "exchange", "nasdaq": "nasdaq"}


def settings_of(dataset: Any) -> StrictSettings:
    both = OmegaConf.create({"dataset": dataset, "reward": compose_group("reward", "time_r1")})
    given: Any = OmegaConf.to_container(both.reward.custom_reward_function.reward_kwargs, resolve=True)
    preset = given.pop("preset")
    found = _settings(preset, given)
    assert isinstance(found, StrictSettings)
    return found


@pytest.fixture(scope="module", params=FOLDERS)
def drawn(request: pytest.FixtureRequest) -> tuple[list[Row], dict[str, float], StrictSettings]:
    """Some training windows of a dataset, the spread of each channel, and the settings that the reward has for it."""
    words = ["dataset.task=data_pipelines.forecast.Forecast"]
    if FOLDERS[request.param] is not None:
        words.append(f"dataset.folder={request.getfixturevalue('shared_data')}")
    dataset = compose_group("dataset", request.param, words)
    task = load_task(dataset)
    assert isinstance(task, Forecast)
    rows = task.rows("train")
    chosen = np.random.default_rng(0).choice(len(rows), min(WINDOWS, len(rows)), replace=False)
    end = task.data.borders.train_end
    spreads = {name: float(np.std(column[:end])) for name, column in task.data.table.values.items()}
    return [rows[place] for place in chosen], spreads, settings_of(dataset)


def score(values: np.ndarray, row: Row, settings: StrictSettings) -> float:
    answer = ForecastAnswer(values, True, None, len(values))
    return sum(strict_terms(answer, np.array(row.truth), row.info, settings).values())


def policies(row: Row, noise: np.ndarray) -> dict[str, np.ndarray]:
    history, period = np.array(row.info["history"]), row.info["period"]
    return forecasts(history, len(row.truth), period, 7 * period, noise)


def ranking(rows: list[Row], spreads: dict[str, float], settings: StrictSettings) -> float:
    """Spearman's correlation of mean reward and mean squared error (in units of the channel's variance), negated."""
    random = np.random.default_rng(1)
    rewards: dict[str, list[float]] = {}
    errors: dict[str, list[float]] = {}
    for row in rows:
        unit = spreads[row.info["channel"]] ** 2
        for name, values in policies(row, random.standard_normal(len(row.truth))).items():
            rewards.setdefault(name, []).append(score(values, row, settings))
            errors.setdefault(name, []).append(float(np.mean((values - row.truth) ** 2)) / unit)
    assert len(rewards) == 35
    mean = [[float(np.mean(one[name])) for name in rewards] for one in (rewards, errors)]
    return -float(spearmanr(*mean).statistic)


def test_the_mean_reward_ranks_policies_by_their_mean_error(drawn) -> None:
    rows, spreads, settings = drawn
    found = ranking(rows, spreads, settings)
    assert found > 0.8
    if settings != StrictSettings():  # the dataset's own are needed
        assert ranking(rows, spreads, StrictSettings()) < found - 0.03


def test_a_last_value_that_is_more_accurate_than_the_naive_forecast_gains(drawn) -> None:
    """The settings of a series without a season let a constant gain, and nothing that is worse than the last value."""
    rows, _, settings = drawn
    if settings.naive != "last_value":
        pytest.skip("the series has a season")
    gains = 0
    for row in rows:
        value, mean = np.full(len(row.truth), row.info["history"][-1]), np.full(len(row.truth), 0.0)
        mean += (np.mean(row.info["history"]) + value) / 2
        better = np.mean((mean - row.truth) ** 2) < np.mean((value - row.truth) ** 2)
        gains += better
        difference = score(mean, row, settings) - score(value, row, settings)
        assert difference > 0 if better else difference <= 1e-12
    assert gains > 20


def test_no_answer_that_is_less_accurate_than_the_naive_forecast_scores_above_it(drawn) -> None:
    rows, _, settings = drawn
    random = np.random.default_rng(2)
    for row in rows[:40]:
        truth, history = np.array(row.truth), np.array(row.info["history"])
        naive = forecasts(history, len(truth), row.info["period"], 1, truth)[settings.naive.replace("_", " ")]
        spike = np.zeros(len(truth))
        spike[-1] = 1e9
        answers = policies(row, random.standard_normal(len(truth))) | {
            "zeros": 0 * truth,
            "spike": spike,
            "alternating": history.mean() + history.std() * (-1.0) ** np.arange(len(truth)),
            "upside down": 2 * truth.mean() - truth,
            "far away": truth + 100 * history.std() + 1,
            "huge": np.full(len(truth), 1e308),
        }
        limit, best = score(naive, row, settings), float(np.mean((naive - truth) ** 2))
        for name, values in answers.items():
            with np.errstate(over="ignore"):
                error = float(np.mean((values - truth) ** 2))
            assert score(values, row, settings) <= limit + 1e-12 or error <= best, name
