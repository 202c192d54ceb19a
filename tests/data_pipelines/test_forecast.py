"""The windows of real series as a task: rows, traces, leakage, fingerprints, and the reference's own numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_pipelines.clock import continue_labels
from data_pipelines.forecast import Forecast
from src.config.compose import options
from src.config.group import compose_group
from src.errors import DataError, UserError
from src.tasks.asking import Completion, Request
from src.tasks.build import BuildResult, build
from src.tasks.row import Row
from src.tasks.task import Task, load_task

ROOT = Path(__file__).resolve().parents[2]


def _task(settings: Any) -> Forecast:
    return Forecast(dict(settings), log=lambda line: None)


def _named(name: str, *overrides: str) -> Task:
    return load_task(compose_group("dataset", name, overrides), log=lambda line: None)


def _build(settings: Any, out: Path) -> BuildResult:
    return build(_task(settings), out)


def test_a_row_is_a_window_of_the_file(small: dict[str, Any]) -> None:
    frame = pd.read_csv(small["path"])
    rows = _task(small).rows("train")
    assert len(rows) == 210 - 24 - 6 + 1
    scale = float((frame.load.shift(-24) - frame.load).abs()[: 210 - 24].mean())
    places = []
    for index, row in enumerate(rows):
        assert (row.source, row.task, row.split, row.index, row.images) == ("small", "", "train", index, ())
        assert set(row.info) == {
            "channel",
            "history",
            "period",
            "seasons",
            "scale",
            "start",
            "target_start",
            "freq",
            "place",
        }
        assert (row.info["channel"], row.info["period"], row.info["freq"]) == ("load", 24, "h")
        assert row.info["seasons"] == {"day": 24, "week": 168}
        assert row.info["scale"] == pytest.approx(scale), "of the training part alone"
        start = int(frame.index[frame.date == row.info["start"]][0])
        assert (frame.date[start + 24], start) == (row.info["target_start"], row.info["place"])
        assert row.info["history"] == frame.load[start : start + 24].tolist()
        assert row.truth == frame.load[start + 24 : start + 30].tolist()
        (message,) = row.messages
        assert message["role"] == "user"
        assert f"{row.info['start']} {row.info['history'][0]:.2f}" in message["content"]
        places.append(start)
    assert places != sorted(places), "training is shuffled"


def test_every_file_has_one_schema(small: dict[str, Any], tmp_path: Path) -> None:
    ours, theirs = _build(small, tmp_path / "out"), build(_named("demand"), tmp_path / "demand")
    for name in ours.counts:
        assert pq.read_schema(getattr(ours, name)).equals(pq.read_schema(getattr(theirs, name)))
    assert pq.read_schema(ours.train).equals(pq.read_schema(ours.test))


def test_traces_pair_the_question_with_the_true_values(small: dict[str, Any]) -> None:
    task = _task(small)
    questions = {row.info["start"]: row for row in task.rows("train")}
    traces = task.traces("sft")
    assert len(traces) == 20
    for trace in traces:
        match = questions[trace.row.info["start"]]  # a KeyError would mean a window outside train
        assert trace.row.messages == match.messages
        assert task.read(match, trace.answer).value == [round(value, 2) for value in match.truth]
        assert task.reward(match, trace.answer)["format"] == 0.1
    assert [one.row.info["start"] for one in task.traces("sft_val")] == [row.info["start"] for row in task.rows("val")]


@pytest.mark.parametrize("name", ["demand", "etth1", "exchange", "nasdaq"])
def test_no_timestamp_of_training_is_a_target_of_val_or_test(name: str, shared_data: Path) -> None:
    task = _named(name, f"dataset.folder={shared_data}", "dataset.max_windows.train=400", "dataset.traces.samples=40")
    context, horizon = int(task.settings["context_length"]), int(task.settings["horizon"])

    def stamps(row: Row, begin: int, count: int) -> set[str]:
        return set(continue_labels(row.info["start"], row.info["freq"], begin + count)[begin:])

    seen: set[str] = set()
    for row in (*task.rows("train"), *(trace.row for trace in task.traces("sft"))):
        seen |= stamps(row, 0, context + horizon)
    targets = {
        split: set().union(*(stamps(row, context, horizon) for row in task.rows(split))) for split in ("val", "test")
    }
    assert seen and targets["val"] and targets["test"]
    assert not seen & targets["val"]
    assert not seen & targets["test"]
    assert not targets["val"] & targets["test"]


def test_the_demo_is_held_to_the_last_week() -> None:
    task = _named("demand")
    rows = task.rows("val")
    baselines = task.score(rows, [task.read(row, "none") for row in rows]).groups["demand"].baselines
    assert baselines["last_week"]["mse"].value == pytest.approx(0.959, abs=0.0005)
    assert min(one["mse"].value for one in baselines.values()) == baselines["last_week"]["mse"].value


# The reference's table A5.2, MSE and MAE of trivial forecasts on Time-R1's released evaluation windows.
BASELINES = {
    "etth1": {"last_value": (26.00, 2.396), "last_day": (10.98, 1.590), "window_mean": (18.14, 2.380),
              "daily_profile": (6.98, 1.318)},
    "etth2": {"last_value": (19.20, 2.610), "last_day": (16.19, 2.145), "window_mean": (12.10, 2.112),
              "daily_profile": (10.10, 1.851)},
    # Its last day is a season of 7 daily steps, and NASDAQ's one of 5 trading days.
    "exchange": {"last_value": (0.0008, 0.0186), "last_week": (0.0009, 0.0188),
                 "window_mean": (0.0012, 0.0223)},
    "nasdaq": {"last_value": (0.00084, 0.0249), "last_season": (0.00093, 0.0263),
               "window_mean": (0.00057, 0.0201)},
}  # fmt: skip


@pytest.mark.parametrize("name", list(BASELINES))
def test_evaluation_windows_reproduce_the_references_baselines(name: str, shared_data: Path) -> None:
    task = _named(name, f"dataset.folder={shared_data}")
    rows = task.rows("test")
    scores = task.score(rows, [task.read(row, "none") for row in rows])
    group = scores.groups[name]
    assert group.questions == len(rows) == 10 * len(scores.details["channels"])
    for baseline, (mse, mae) in BASELINES[name].items():
        digits = 2 if mse > 1 else (5 if name == "nasdaq" else 4)
        found = group.baselines[baseline]
        assert found["mse"].value == pytest.approx(mse, abs=0.51 * 10.0**-digits)
        assert found["mae"].value == pytest.approx(mae, abs=0.51 * 10.0 ** -(3 if mse > 1 else 4))


def test_windows_that_overlap_are_fewer_items(small: dict[str, Any]) -> None:
    task = _task({**small, "evaluation": {"mode": "full"}})
    rows = task.rows("test")
    group = task.score(rows, [task.read(row, "none") for row in rows]).groups["small"]
    assert (group.questions, group.items) == (60 - 6 + 1, 5), "55 starts in blocks of twice the horizon"


def test_the_demo_has_the_sizes_that_the_run_is_planned_for(tmp_path: Path) -> None:
    task = _named("demand")
    assert build(task, tmp_path).counts == {"train": 2036, "val": 96, "test": 759, "sft": 9600, "sft_val": 96}
    row = task.rows("test")[0]
    assert (len(row.info["history"]), len(row.truth)) == (42, 6)
    assert row.info["target_start"] == "2000-08-11 05:00:00"


def test_builds_are_the_same_in_every_process(small: dict[str, Any], tmp_path: Path) -> None:
    def read(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    _build(small, tmp_path / "here")
    code = (
        "import json, sys; from pathlib import Path; from data_pipelines.forecast import Forecast; "
        "from src.tasks.build import build; "
        "print(build(Forecast(json.loads(sys.argv[1]), log=lambda line: None), Path(sys.argv[2])).fingerprint)"
    )
    prints = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(small), str(tmp_path / seed)],
            capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        prints.append(done.stdout)
    assert prints[0] == prints[1]
    assert read(tmp_path / "1") == read(tmp_path / "2") == read(tmp_path / "here")


@pytest.mark.parametrize(
    "changes",
    [{"seed": 1}, {"horizon": 5}, {"decimals": 1}, {"prompt": {"context": False}}, {"traces": {"samples": 5}}],
)
def test_the_fingerprint_follows_the_settings(small: dict[str, Any], changes: dict[str, Any]) -> None:
    assert _task({**small, **changes}).fingerprint != _task(small).fingerprint


def test_the_fingerprint_follows_the_data_but_not_its_place(small: dict[str, Any], tmp_path: Path) -> None:
    first = _task(small).fingerprint
    path = Path(small["path"])
    moved = tmp_path / "moved.csv"
    moved.write_text(path.read_text())
    assert _task({**small, "path": str(moved)}).fingerprint == first
    moved.write_text(path.read_text().replace(",10.00", ",10.01", 1))
    assert _task({**small, "path": str(moved)}).fingerprint != first


def test_the_manifest_says_what_was_built(small: dict[str, Any], tmp_path: Path) -> None:
    _build({**small, "source": "a meter", "licence": "CC0"}, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["source"], manifest["licence"]) == ("a meter", "CC0")
    assert manifest["data"]["borders"] == {"train_end": 210, "test_begin": 240, "test_end": 300}
    assert (manifest["data"]["first"], manifest["data"]["rows"]) == ("2024-01-01 00:00:00", 300)


def test_rolling_truth_is_longer_than_the_question(small: dict[str, Any]) -> None:
    task = _task({**small, "evaluation": {"target_length": 20}})
    row = task.rows("test")[0]
    assert (len(row.truth), task.turns) == (20, 4)
    assert "next 6 values" in row.messages[0]["content"]
    assert len(task.rows("val")[0].truth) == 6


def test_a_long_forecast_is_asked_like_the_windows_it_moves_over(small: dict[str, Any]) -> None:
    task = _task({**small, "evaluation": {"target_length": 12, "mode": "full"}})
    rows = task.rows("test")
    first, later = rows[0], rows[6]  # six hours on

    def knows(requests: list[Request]) -> list[Completion]:
        return [Completion("\n".join(map(str, first.truth[:6])), 6)] * len(requests)

    (asked,) = task.ask([first], 1, 0, knows)
    assert list(asked.prompts) == [first.messages, later.messages]
    assert asked.answer.value == first.truth[:6] * 2


def test_any_history_can_be_continued(small: dict[str, Any]) -> None:
    data = _task({**small, "evaluation": {"target_length": 12}}).data
    one = data.samples("test")[0]
    rolled = data.continued("load", [*one.history[6:], *one.target[:6]], one.history_labels[6])
    assert rolled.target_labels == one.target_labels[6:12]
    assert rolled.history[-1] == round(one.target[5], 2)
    with pytest.raises(DataError, match="has no channel 'none'"):
        data.continued("none", one.history, one.history_labels[0])


def test_traces_from_a_file_replace_the_tasks_own(small: dict[str, Any], tmp_path: Path) -> None:
    first = _build(small, tmp_path / "a")
    second = _build({**small, "traces": {"file": str(first.sft)}}, tmp_path / "b")
    assert first.sft and second.sft and second.sft.read_bytes() == first.sft.read_bytes()
    assert second.fingerprint != first.fingerprint
    for wrong, message in (
        (first.sft_val, "not in the training part of dataset small"),
        (first.train, "does not hold SFT rows"),
        (tmp_path / "none.parquet", "is not a file: write it with the recipe's teacher"),
    ):
        with pytest.raises(DataError, match=message):
            _build({**small, "traces": {"file": str(wrong)}}, tmp_path / "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "power"}, "no column 'power'"),
        ({"path": None}, "needs a file: set dataset.path=FILE.csv"),
        ({"path": "nowhere.csv"}, "nowhere.csv is not a file"),
        ({"target": None}, "needs columns: set dataset.target to one or more of load, such as dataset.target=load$"),
        ({"context_length": 280}, "too short for one window"),
        ({"traces": {"style": "full"}}, "traces.*style.*correct it in conf/dataset or on the command line"),
    ],
)
def test_bad_input_is_one_clear_sentence_and_writes_nothing(
    small: dict[str, Any], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        _build({**small, **changes}, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_every_forecasting_dataset_is_described() -> None:
    every = {name: compose_group("dataset", name) for name in options("dataset")}
    series = {name: cfg for name, cfg in every.items() if cfg.task == "data_pipelines.forecast.Forecast"}
    expected = "aqshunyi aqwan csv demand etth1 etth2 ettm1 ettm2 exchange nasdaq wind"
    assert list(series) == expected.split()
    for name, cfg in series.items():
        assert cfg.name == name
        assert name == "csv" or (cfg.source != "unknown" and cfg.licence != "unknown" and cfg.description)
        assert name in ("csv", "demand") or (cfg.url and (cfg.sha256 or cfg.git_sha1))
