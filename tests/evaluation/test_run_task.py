"""The task of the run that a model comes from is the one it is scored with, where it is of the dataset's kind."""

import json
from pathlib import Path
from typing import Any

import pytest
from toy_task import Sums

from data_pipelines.forecast import Forecast
from recipes.time_r1.task import TimeR1
from src.evaluation.cli import parse
from src.evaluation.run_task import task_of_run


def model_of_run(folder: Path, **record: Any) -> Path:
    model = folder / "checkpoints" / "rl" / "global_step_2" / "actor" / "huggingface"
    model.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    return model


def trained(task: str | None) -> dict[str, Any]:
    return {"dataset": {"name": "demand", **({"task": task} if task else {})}}


def test_a_run_says_what_its_model_was_trained_on(tmp_path: Path) -> None:
    model = model_of_run(tmp_path / "run", recipe="mine", config=trained("recipes.time_r1.task.TimeR1"))
    assert task_of_run(model, Forecast) == "recipes.time_r1.task.TimeR1"
    assert task_of_run(model, TimeR1) is None, "the same one"
    assert task_of_run(model, Sums) is None, "of another kind"
    assert task_of_run(tmp_path, Forecast) is None, "of no run"
    assert task_of_run(Path("Qwen/Qwen2.5-7B-Instruct"), Forecast) is None, "a hub name"


def test_a_run_from_before_datasets_named_their_task_had_its_recipes(tmp_path: Path) -> None:
    model = model_of_run(tmp_path / "run", recipe="time_r1", config=trained(None))
    assert task_of_run(model, Forecast) == "recipes.time_r1.task.TimeR1"
    gone = model_of_run(tmp_path / "gone", recipe="gone", config=trained("recipes.gone.task.Gone"))
    assert task_of_run(gone, Forecast) is None


def test_the_command_line_takes_it_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = model_of_run(tmp_path / "run", recipe="time_r1", config=trained("recipes.time_r1.task.TimeR1"))
    words = [f"model={model}", "dataset=demand"]
    _, dataset, _ = parse([*words, "horizon=12"])
    assert (dataset.task, dataset.evaluation.target_length) == ("recipes.time_r1.task.TimeR1", 12)
    assert capsys.readouterr().out == (
        "the task is recipes.time_r1.task.TimeR1, which the model's run has trained "
        "(task=data_pipelines.forecast.Forecast for the dataset's own)\n"
    )
    _, dataset, _ = parse([*words, "task=data_pipelines.forecast.Forecast"])
    assert dataset.task == "data_pipelines.forecast.Forecast"
    assert capsys.readouterr().out == ""
