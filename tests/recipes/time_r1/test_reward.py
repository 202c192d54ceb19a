"""Every preset with every dataset: the right answer in the form of the traces earns all there is, or is refused."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from recipes.time_r1.reward import compute_score
from recipes.time_r1.task import TimeR1
from src.config.compose import options
from src.config.group import compose_group
from src.errors import ConfigError
from src.rewards.belonging import check_rl
from src.tasks.task import load_task

# The sum of the weights; the paper pays for maxima and again for minima.
MOST = {"time_r1": 1.1, "time_r1_paper": 1.7, "time_r1_released": 1.1}
TIME_R1 = "dataset.task=recipes.time_r1.task.TimeR1"
ON_DISK = {"demand": None, "etth1": "ett", "etth2": "ett", "exchange": "exchange", "nasdaq": "nasdaq"}


@cache
def option(group: str, name: str, *overrides: str) -> DictConfig:
    return compose_group(group, name, overrides)


FORECASTING = [name for name in options("dataset") if "horizon" in option("dataset", name) and name != "csv"]


def composed(dataset: str, reward: str, *overrides: str) -> tuple[DictConfig, DictConfig]:
    both = OmegaConf.create({"dataset": option("dataset", dataset, *overrides), "reward": option("reward", reward)})
    return both.dataset, both.reward


def kwargs(reward: DictConfig) -> Any:
    return OmegaConf.to_container(reward.custom_reward_function.reward_kwargs, resolve=True)


def test_all_forecasting_datasets_are_tried() -> None:
    assert set(ON_DISK) | {"wind", "ettm1", "ettm2", "aqwan", "aqshunyi"} == set(FORECASTING)
    assert set(MOST) == {name for name in options("reward") if name.startswith("time_r1")}


# Task, form of the answer, and whether the grammar of the published code finds a header and a fence in it.
FORMS = [
    ((TIME_R1,), True),
    ((TIME_R1, "dataset.prompt.timestamps=weekday", "+dataset.prompt.header=true"), True),
    ((TIME_R1, "dataset.prompt.timestamps=weekday", "+dataset.prompt.header=false"), False),
    (("dataset.task=data_pipelines.forecast.Forecast",), False),
]


@pytest.mark.parametrize("name", FORECASTING)
@pytest.mark.parametrize(("words", "has_header"), FORMS)
def test_the_right_answer_earns_the_maximum_or_is_refused(name: str, words: tuple[str, ...], has_header: bool) -> None:
    if name == "demand" and words == (TIME_R1,):
        words = (*words, "dataset.prompt.timestamps=rows")
    for preset, most in MOST.items():
        dataset, reward = composed(name, preset, *words)
        truth, response = load_task(dataset).example()  # type: ignore[attr-defined]
        scored = compute_score("", response, truth, **kwargs(reward))
        if preset == "time_r1_released" and not has_header:
            assert scored["mse"] == 0.0
            with pytest.raises(ConfigError, match=f"dataset {name}: .* set dataset.prompt.timestamps=rows or ") as e:
                check_rl(dataset, reward)
            assert "\n" not in str(e.value)
        else:
            check_rl(dataset, reward)
            assert scored["score"] == pytest.approx(most), preset


@pytest.mark.parametrize("name", ON_DISK)
def test_true_values_of_real_windows_as_the_traces_write_them(name: str, request: pytest.FixtureRequest) -> None:
    words = [TIME_R1, "+dataset.prompt.header=true", "dataset.max_windows={train: 8, val: 8, test: 8}"]
    if ON_DISK[name]:
        words.append(f"dataset.folder={request.getfixturevalue('shared_data')}")
    dataset, _ = composed(name, "time_r1", *words)
    task = load_task(dataset)
    assert isinstance(task, TimeR1)
    for place, one in enumerate(task.data.samples("train")):
        row, full = task.row(one, "train", place), task.answer(one)
        assert full.endswith(task.right_answer(one))  # the traces of the style "full" hold the true values
        written = [float(one.format(value)) for value in one.target]
        for preset, most in MOST.items():
            settings = kwargs(composed(name, preset, *words)[1])
            assert compute_score(row.source, full, written, row.info, **settings)["score"] == pytest.approx(most)


def test_what_the_traces_answer_is_what_the_prompt_asks_for() -> None:
    dataset, _ = composed("demand", "time_r1", TIME_R1, "+dataset.prompt.header=true")
    task = load_task(dataset)
    assert isinstance(task, TimeR1)
    one = task.data.samples("val")[0]
    assert task.prompt(one).endswith("one per line below the line 'value', inside <answer></answer>.")
    assert task.answer(one).partition("<answer>")[2].startswith("\n```\nvalue\n3")


def test_the_tasks_own_reward_has_the_datasets_settings(shared_data: Path) -> None:
    dataset, reward = composed("exchange", "time_r1", TIME_R1, f"dataset.folder={shared_data}")
    task = load_task(dataset)
    row = task.rows("val")[3]
    response = "<think>.</think>\n<answer>\n" + "\n".join(["0.7"] * 96) + "\n</answer>"
    own = dict(task.reward(row, response))
    assert own == compute_score(row.source, response, row.truth, row.info, **kwargs(reward))
    assert own != compute_score(row.source, response, row.truth, row.info)
    assert kwargs(reward)["naive"] == "last_value" and kwargs(reward)["slope"] == 0.5
