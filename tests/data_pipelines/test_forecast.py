"""Building datasets: the row format, determinism, fingerprints, leakage, and the reference's own numbers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_pipelines.clock import continue_labels
from data_pipelines.dataset import load_dataset
from data_pipelines.forecast import build
from data_pipelines.result import FILES, BuildResult
from src.config.compose import options
from src.config.group import compose_group
from src.errors import DataError, UserError
from src.tasks.forecast.baselines import baseline_forecasts

ROOT = Path(__file__).resolve().parents[2]
EXTRA_INFO = ["index", "split", "dataset", "channel", "history", "period", "start", "target_start", "freq"]


def _quiet(line: str) -> None:
    """Drop a log line."""


def _build(settings: Any, out: Path) -> BuildResult:
    return build(settings, out, log=_quiet)


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_rl_rows_have_the_format_veRL_reads(small: dict[str, Any], tmp_path: Path) -> None:
    result = _build(small, tmp_path / "out")
    frame = pd.read_csv(small["path"])
    rows = _rows(result.train)
    assert len(rows) == result.counts["train"] == 210 - 24 - 6 + 1
    for i, row in enumerate(rows):
        assert list(row) == ["data_source", "ability", "prompt", "reward_model", "extra_info"]
        assert (row["data_source"], row["ability"], row["reward_model"]["style"]) == (
            "small",
            "forecasting",
            "rule",
        )
        info = row["extra_info"]
        assert list(info) == EXTRA_INFO
        assert (info["index"], info["split"], info["dataset"], info["channel"]) == (
            i,
            "train",
            "small",
            "load",
        )
        assert (info["period"], info["freq"]) == (24, "h")
        start = int(frame.index[frame.date == info["start"]][0])
        assert frame.date[start + 24] == info["target_start"]
        assert info["history"] == frame.load[start : start + 24].tolist()
        assert row["reward_model"]["ground_truth"] == frame.load[start + 24 : start + 30].tolist()
        assert len(row["prompt"]) == 1 and row["prompt"][0]["role"] == "user"
        assert f"{info['start']} {info['history'][0]:.2f}" in row["prompt"][0]["content"]


def test_every_file_has_one_schema(small: dict[str, Any], tmp_path: Path) -> None:
    result = _build(small, tmp_path / "out")
    other = _build(compose_group("dataset", "demand"), tmp_path / "demand")
    for name in FILES:
        ours, theirs = (pq.read_schema(getattr(one, name)) for one in (result, other))
        assert ours.equals(theirs)
    assert pq.read_schema(result.train).equals(pq.read_schema(result.test))


def test_sft_rows_pair_the_question_with_the_true_values(small: dict[str, Any], tmp_path: Path) -> None:
    result = _build(small, tmp_path / "out")
    questions = {row["extra_info"]["start"]: row for row in _rows(result.train)}
    rows = _rows(result.sft)
    assert len(rows) == 20
    for row in rows:
        user, assistant = row["messages"]
        match = questions[row["extra_info"]["start"]]  # a KeyError would mean a window outside train
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert user["content"] == match["prompt"][0]["content"]
        truth = [f"{value:.2f}" for value in match["reward_model"]["ground_truth"]]
        answer = assistant["content"].split("<answer>\n```\n")[1].splitlines()[1:7]
        assert [line.split()[-1] for line in answer] == truth
    val_starts = {row["extra_info"]["start"] for row in _rows(result.val)}
    assert {row["extra_info"]["start"] for row in _rows(result.sft_val)} == val_starts


@pytest.mark.parametrize("name", ["demand", "etth1", "exchange", "nasdaq"])
def test_no_timestamp_of_training_is_a_target_of_val_or_test(name: str, shared_data: Path, tmp_path: Path) -> None:
    overrides = [
        f"dataset.folder={shared_data}",
        "dataset.max_windows.train=400",
        "dataset.traces.samples=40",
    ]
    cfg = compose_group("dataset", name, overrides)
    result = _build(cfg, tmp_path / "out")

    def stamps(row: dict[str, Any], begin: int, count: int) -> set[str]:
        info = row["extra_info"]
        return set(continue_labels(info["start"], info["freq"], begin + count)[begin:])

    context, horizon = int(cfg.context_length), int(cfg.horizon)
    seen: set[str] = set()
    for file in (result.train, result.sft):
        for row in _rows(file):
            seen |= stamps(row, 0, context + horizon)
    targets = {
        split: set().union(*(stamps(row, context, horizon) for row in _rows(getattr(result, split))))
        for split in ("val", "test")
    }
    assert seen and targets["val"] and targets["test"]
    assert not seen & targets["val"]
    assert not seen & targets["test"]
    assert not targets["val"] & targets["test"]


# The reference's table A5.2, MSE and MAE of trivial forecasts on Time-R1's released evaluation windows.
BASELINES = {
    "etth1": {"last_value": (26.00, 2.396), "last_day": (10.98, 1.590), "window_mean": (18.14, 2.380),
              "daily_profile": (6.98, 1.318)},
    "etth2": {"last_value": (19.20, 2.610), "last_day": (16.19, 2.145), "window_mean": (12.10, 2.112),
              "daily_profile": (10.10, 1.851)},
    "exchange": {"last_value": (0.0008, 0.0186), "last_day": (0.0009, 0.0188),
                 "window_mean": (0.0012, 0.0223)},
    "nasdaq": {"last_value": (0.00084, 0.0249), "last_day": (0.00093, 0.0263),
               "window_mean": (0.00057, 0.0201)},
}  # fmt: skip


@pytest.mark.parametrize("name", list(BASELINES))
def test_evaluation_windows_reproduce_the_references_baselines(name: str, shared_data: Path) -> None:
    data = load_dataset(compose_group("dataset", name, [f"dataset.folder={shared_data}"]))
    samples = data.samples("test")
    assert len(samples) == 10 * len(data.channels)
    errors: dict[str, list[np.ndarray]] = {baseline: [] for baseline in BASELINES[name]}
    for one in samples:
        found = baseline_forecasts(one.history, len(one.target), one.period)
        for baseline in errors:
            errors[baseline].append(found[baseline] - np.asarray(one.target))
    for baseline, (mse, mae) in BASELINES[name].items():
        digits = 2 if mse > 1 else (5 if name == "nasdaq" else 4)
        stacked = np.stack(errors[baseline])
        assert float((stacked**2).mean()) == pytest.approx(mse, abs=0.51 * 10.0**-digits)
        assert float(np.abs(stacked).mean()) == pytest.approx(mae, abs=0.51 * 10.0 ** -(3 if mse > 1 else 4))


def test_the_demo_has_the_sizes_that_the_run_is_planned_for(tmp_path: Path) -> None:
    result = _build(compose_group("dataset", "demand"), tmp_path)
    assert result.counts == {"train": 2439, "val": 96, "test": 759, "sft": 9600, "sft_val": 96}
    row = _rows(result.test)[0]
    assert (len(row["extra_info"]["history"]), len(row["reward_model"]["ground_truth"])) == (42, 6)
    assert row["extra_info"]["target_start"] == "2000-08-11 05:00:00"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_builds_are_the_same_in_every_process(small: dict[str, Any], tmp_path: Path) -> None:
    _build(small, tmp_path / "here")
    code = (
        "import json, sys; from pathlib import Path; from data_pipelines.forecast import build; "
        "print(build(json.loads(sys.argv[1]), Path(sys.argv[2]), log=lambda line: None).fingerprint)"
    )
    prints = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(small), str(tmp_path / seed)],
            capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        prints.append(done.stdout)
    assert prints[0] == prints[1]
    assert _bytes(tmp_path / "1") == _bytes(tmp_path / "2") == _bytes(tmp_path / "here")


def test_a_finished_build_is_not_repeated(small: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    lines: list[str] = []
    first = build(small, out, log=lines.append)
    times = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    second = build(small, out, log=lines.append)
    assert (first.rebuilt, second.rebuilt) == (True, False)
    assert second.counts == first.counts
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == times
    assert "is up to date" in lines[-1] and "nothing to build" in lines[-1]


def test_a_damaged_or_unfinished_build_is_repeated(small: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    good = _build(small, out)
    whole = _bytes(out)
    good.val.unlink()
    assert _build(small, out).rebuilt
    good.test.write_bytes(b"short")
    assert _build(small, out).rebuilt
    (out / "manifest.json").write_text("{")
    assert _build(small, out).rebuilt
    assert _bytes(out) == whole


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"horizon": 5},
        {"decimals": 1},
        {"prompt": {"context": False}},
        {"traces": {"samples": 5}},
    ],
)
def test_the_fingerprint_follows_the_settings(small: dict[str, Any], tmp_path: Path, changes: dict[str, Any]) -> None:
    first = _build(small, tmp_path / "a")
    assert _build({**small, **changes}, tmp_path / "a").fingerprint != first.fingerprint


def test_the_fingerprint_follows_the_data_but_not_its_place(small: dict[str, Any], tmp_path: Path) -> None:
    first = load_dataset(small).fingerprint
    path = Path(small["path"])
    moved = tmp_path / "moved.csv"
    moved.write_text(path.read_text())
    assert load_dataset({**small, "path": str(moved)}).fingerprint == first
    moved.write_text(path.read_text().replace(",10.00", ",10.01", 1))
    assert load_dataset({**small, "path": str(moved)}).fingerprint != first


def test_the_manifest_says_what_was_built(small: dict[str, Any], tmp_path: Path) -> None:
    result = _build({**small, "source": "a meter", "licence": "CC0"}, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["fingerprint"] == result.fingerprint
    assert manifest["counts"] == result.counts
    assert (manifest["source"], manifest["licence"]) == ("a meter", "CC0")
    assert manifest["data"]["borders"] == {"train_end": 210, "test_begin": 240, "test_end": 300}
    assert (manifest["data"]["first"], manifest["data"]["rows"]) == ("2024-01-01 00:00:00", 300)


def test_a_failed_write_leaves_no_half_file_and_no_manifest(
    small: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _build(small, tmp_path / "out")

    def full(table: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data_pipelines.rows.pq.write_table", full)
    with pytest.raises(DataError, match=r"cannot write .*train.parquet \(No space left on device\): free space"):
        _build({**small, "seed": 9}, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.parquet" for name in FILES)
    assert len(_rows(tmp_path / "out" / "train.parquet")) == 181


def test_rolling_truth_is_longer_than_the_question(small: dict[str, Any], tmp_path: Path) -> None:
    cfg = {**small, "evaluation": {"target_length": 20}}
    result = _build(cfg, tmp_path / "out")
    row = _rows(result.test)[0]
    assert len(row["reward_model"]["ground_truth"]) == 20
    assert "next 6 values" in row["prompt"][0]["content"]
    assert len(_rows(result.val)[0]["reward_model"]["ground_truth"]) == 6


def test_a_continued_history_is_asked_like_a_window(small: dict[str, Any]) -> None:
    data = load_dataset({**small, "evaluation": {"target_length": 12}})
    one = data.samples("test")[0]
    asked = data.continued("load", one.history, one.history_labels[0])
    assert data.prompt(asked) == data.prompt(one)
    rolled = data.continued("load", [*one.history[6:], *one.target[:6]], one.history_labels[6])
    assert rolled.target_labels == one.target_labels[6:12]
    assert rolled.history[-1] == round(one.target[5], 2)
    with pytest.raises(DataError, match="has no channel 'none'"):
        data.continued("none", one.history, one.history_labels[0])


def test_missing_decimals_follow_the_spread(write_csv: Callable[..., Path]) -> None:
    values = {"wide": 1000.0, "narrow": 0.01}
    for (name, scale), expected in zip(values.items(), (0, 4), strict=True):
        rows = [f"2024-01-01 {i // 60:02d}:{i % 60:02d},{scale * (i % 7)}" for i in range(200)]
        path = write_csv(rows, name=f"{name}.csv")
        data = load_dataset(compose_group("dataset", "csv", [f"dataset.path={path}", "dataset.target=load"]))
        assert data.decimals == expected


def test_no_prompt_shows_minus_zero(small: dict[str, Any], write_csv: Callable[..., Path]) -> None:
    rows = [f"2024-01-01 {i // 60:02d}:{i % 60:02d},-0.001" for i in range(300)]
    data = load_dataset({**small, "path": str(write_csv(rows, name="zero.csv"))})
    one = data.samples("val")[0]
    assert str(one.history[0]) == "0.0"
    assert "-0.00" not in data.prompt(one) + data.trace(one)


def test_traces_from_a_file_replace_the_writer(small: dict[str, Any], tmp_path: Path) -> None:
    first = _build(small, tmp_path / "a")
    cfg = {**small, "traces": {"file": str(first.sft)}}
    second = _build(cfg, tmp_path / "b")
    assert second.sft.read_bytes() == first.sft.read_bytes()
    for wrong, message in (
        (first.sft_val, "not in the training part of dataset small"),
        (first.train, "does not hold SFT rows"),
        (tmp_path / "none.parquet", "is not a file: write it with python -m recipes.time_r1.teacher"),
    ):
        with pytest.raises(DataError, match=message):
            _build({**small, "traces": {"file": str(wrong)}}, tmp_path / "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "power"}, "no column 'power'"),
        ({"path": None}, "needs a file: set dataset.path=FILE.csv"),
        ({"path": "nowhere.csv"}, "nowhere.csv is not a file"),
        ({"target": None}, "needs columns: set dataset.target to one or more of load$"),
        ({"context_length": 280}, "too short for one window"),
        (
            {"prompt": {"renderer": "recipes.time_r1.prompt.draw"}},
            "dataset.prompt.renderer: .* has no function 'draw'",
        ),
        ({"traces": {"writer": "nowhere.write"}}, "dataset.traces.writer: cannot import 'nowhere'"),
        ({"traces": {"style": "long"}}, "dataset.traces.style is 'long': set it to full, short or methods"),
    ],
)
def test_bad_input_is_one_clear_sentence_and_writes_nothing(
    small: dict[str, Any], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        _build({**small, **changes}, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


# The first rows of the public files that are not among the test data, continued as they go on.
PUBLIC = {
    "ettm1": ("ETTm1.csv", "2016-07-01", "15min", "%Y-%m-%d %H:%M:%S", 57600,
              "HUFL,HULL,MUFL,MULL,LUFL,LULL,OT"),
    "aqwan": ("aqwan.csv", "2013-03-01", "h", "%Y-%m-%d %H:%M:%S", 7000,
              "CO,DEWP,NO2,O3,PM10,PM2.5,PRES,RAIN,SO2,TEMP,WSPM"),
    "wind": ("wind.csv", "2020-01-01", "15min", "%Y/%-m/%-d %-H:%M", 7000,
             "pred_humidity,pred_pressure,pred_temp,pred_w_dir,pred_w_speed,target,ture_w_speed"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PUBLIC))
def test_the_public_forms_that_are_not_among_the_test_data(name: str, tmp_path: Path) -> None:
    file, start, freq, form, rows, columns = PUBLIC[name]
    times = pd.date_range(start, periods=rows, freq=freq)
    cycle = (10 + 3 * np.sin(np.arange(rows) * 2 * np.pi / 96)).round(3).astype(str)
    width = len(columns.split(","))
    lines = [",".join([time, *[value] * width]) for time, value in zip(times.strftime(form), cycle, strict=True)]
    (tmp_path / file).write_text("\n".join([f"date,{columns}", *lines]) + "\n")
    cfg = compose_group("dataset", name, [f"dataset.folder={tmp_path}", "dataset.max_windows.train=50"])
    result = _build(cfg, tmp_path / "out")
    assert result.counts["test"] == 10 * width
    assert {row["extra_info"]["channel"] for row in _rows(result.test)} == set(columns.split(","))
    row = _rows(result.train)[0]
    assert row["extra_info"]["period"] == (24 if freq == "h" else 96)
    assert len(row["extra_info"]["history"]) == 96
    if name == "ettm1":
        first = _rows(result.test)[0]["extra_info"]
        assert first["target_start"] == str(times[4 * 11520])


def test_every_forecasting_dataset_is_described() -> None:
    every = {name: compose_group("dataset", name) for name in options("dataset")}
    series = {name: cfg for name, cfg in every.items() if cfg.builder == "data_pipelines.forecast.build"}
    expected = "aqshunyi aqwan csv demand etth1 etth2 ettm1 ettm2 exchange nasdaq wind"
    assert list(series) == expected.split()
    for name, cfg in series.items():
        assert cfg.name == name
        assert name == "csv" or (cfg.source != "unknown" and cfg.licence != "unknown" and cfg.description)
        assert name in ("csv", "demand") or (cfg.url and (cfg.sha256 or cfg.git_sha1))


def test_any_csv_gets_its_frequency_period_and_channel_from_the_file(hourly_csv: Path, tmp_path: Path) -> None:
    overrides = [f"dataset.path={hourly_csv}", "dataset.target=load", "dataset.context_length=24"]
    data = load_dataset(compose_group("dataset", "csv", [*overrides, "dataset.horizon=6"]))
    one = data.samples("test")[0]
    assert (one.freq, one.period, one.channel, one.meaning) == ("h", 24, "load", "load")
    assert "Channel: load." in data.prompt(one)


def test_a_step_is_the_mean_of_its_rows(small: dict[str, Any]) -> None:
    data = load_dataset({**small, "rows_per_step": 4, "period": 6, "context_length": 6, "horizon": 2, "decimals": 6})
    load = pd.read_csv(small["path"]).load.to_numpy()
    for one in data.samples("train")[:20]:
        start = data.table.labels.index(one.history_labels[0])
        means = load[start : start + 32].reshape(8, 4).mean(axis=1)
        assert one.history == pytest.approx(means[:6]) and one.target == pytest.approx(means[6:])
        assert one.history_labels + one.target_labels == data.table.labels[start : start + 32 : 4]
        assert (one.freq, one.period) == ("4h", 6)


def test_perturbed_windows_are_near_the_series_and_not_in_it(small: dict[str, Any]) -> None:
    shares = {0.0: [], 0.3: []}
    for share in shares:
        data = load_dataset({**small, "traces": {"samples": 400, "perturb": share}})
        real = {one.history_labels[0]: one for one in data.samples("train")}
        found = data.sft_samples()
        assert len(found) == (400 if share else len(real))  # with replacement, there are as many as are asked for
        assert [one.history for one in found] == [one.history for one in data.sft_samples()]
        for one in found:
            match = real[one.history_labels[0]]
            assert all(round(value, 2) == value for value in one.history) and len(one.target) == 6
            shares[share].append(float(np.mean(one.history) / np.mean(match.history)))
            assert (one.history == match.history) == (share == 0)
    assert set(shares[0.0]) == {1.0}
    assert 0.6 < min(shares[0.3]) < 0.8 and 1.2 < max(shares[0.3]) < 1.4


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_perturbation_out_of_range_is_named(small: dict[str, Any], share: float) -> None:
    with pytest.raises(DataError, match=r"dataset.traces.perturb is .*: set it to at least 0 and below 1"):
        load_dataset({**small, "traces": {"perturb": share}})
