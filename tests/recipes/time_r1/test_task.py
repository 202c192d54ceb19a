"""Time-R1's task: what its fingerprint covers, and that a new baseline stays out of its traces."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from executed import ROOT, executed

import data_pipelines.forecast
from recipes.time_r1 import traces
from recipes.time_r1.task import TimeR1
from src.config.group import compose_group
from src.tasks.forecast import baselines
from src.tasks.task import load_task

# What these do to rows is in the settings, or not seen in them.
ELSEWHERE = {"src/tasks/task.py", "src/tasks/forecast/task.py", "data_pipelines/settings.py"}


def _task(*overrides: str) -> TimeR1:
    given = ["dataset.task=recipes.time_r1.task.TimeR1", "dataset.max_windows.train=20", "dataset.traces.samples=5"]
    task = load_task(compose_group("dataset", "demand", [*given, *overrides]), log=lambda line: None)
    assert isinstance(task, TimeR1)
    return task


@pytest.mark.parametrize("style", ["full", "methods"])
def test_the_fingerprint_covers_every_file_that_makes_rows_and_traces(
    style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    covered: set[str] = set()
    real = Path.read_text

    def read(path: Path, *arguments: Any) -> str:
        if path.suffix == ".py" and path.is_relative_to(ROOT):
            covered.add(str(path.relative_to(ROOT)))
        return real(path, *arguments)

    task = _task(f"+dataset.traces.style={style}")
    assert task.data.table.labels  # the series is covered by its digest
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", read)
        assert task.fingerprint
    made = executed(lambda: [*task.rows("train"), *task.rows("test"), *task.traces("sft"), *task.traces("sft_val")])
    assert "recipes/time_r1/traces.py" in made and "data_pipelines/windows.py" in made
    assert style == "methods" or "src/tasks/forecast/baselines.py" in made
    assert made - ELSEWHERE <= covered


def test_a_change_of_the_baselines_makes_old_traces_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _task().fingerprint
    real = Path.read_text
    changed = str(baselines.__file__)
    monkeypatch.setattr(Path, "read_text", lambda path, *rest: real(path, *rest) + "#" * (str(path) == changed))
    assert _task().fingerprint != before


@pytest.fixture
def with_another_baseline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setitem(baselines.BASELINES, "truth_itself", lambda history, horizon, period: 0 * history[:horizon])
        importlib.reload(traces)
        yield
    importlib.reload(traces)


@pytest.fixture
def before() -> list[str]:
    return [one.answer for one in _task("+dataset.traces.style=full").traces("sft")]


def test_a_baseline_that_is_added_does_not_enter_the_traces(before: list[str], with_another_baseline: None) -> None:
    assert [one.answer for one in _task("+dataset.traces.style=full").traces("sft")] == before


def test_the_plain_task_of_the_same_series_has_words_of_its_own() -> None:
    settings = dict(_task().settings) | {"task": "data_pipelines.forecast.Forecast"}
    plain = load_task(settings, log=lambda line: None)
    assert type(plain) is data_pipelines.forecast.Forecast
    assert plain.rows("val")[0].truth == _task().rows("val")[0].truth
    assert plain.rows("val")[0].messages != _task().rows("val")[0].messages
    assert plain.fingerprint != _task().fingerprint
    (trace, *_) = plain.traces("sft")
    assert plain.reward(trace.row, trace.answer)["format"] == 0.1
