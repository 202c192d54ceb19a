"""The series in memory: samples, decimals, steps of several rows, perturbed windows, and the public files' forms."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_pipelines.dataset import ForecastDataset
from data_pipelines.forecast import Forecast
from data_pipelines.sample import ForecastSample
from src.config.group import compose_group
from src.errors import DataError
from src.evaluation.job import choose
from src.tasks.build import build


def _task(settings: Any) -> Forecast:
    return Forecast(dict(settings), log=lambda line: None)


def load_dataset(settings: Any) -> ForecastDataset:
    return _task(settings).data


def test_missing_decimals_follow_the_spread(write_csv: Callable[..., Path]) -> None:
    values = {"wide": 1000.0, "narrow": 0.01}
    for (name, scale), expected in zip(values.items(), (0, 4), strict=True):
        rows = [f"2024-01-01 {i // 60:02d}:{i % 60:02d},{scale * (i % 7)}" for i in range(200)]
        path = write_csv(rows, name=f"{name}.csv")
        data = load_dataset(compose_group("dataset", "csv", [f"dataset.path={path}", "dataset.target=load"]))
        assert data.decimals == {"load": expected}


CASES = Path(__file__).parents[3] / "shared" / "cases"


def _minutes(columns: dict[str, Callable[[int], float]]) -> tuple[list[str], str]:
    rows = (
        ",".join([f"2024-01-01 {i // 60:02d}:{i % 60:02d}", *(repr(column(i)) for column in columns.values())])
        for i in range(300)
    )
    return list(rows), ",".join(["date", *columns])


def test_each_channel_is_shown_with_its_own_decimals(write_csv: Callable[..., Path], tmp_path: Path) -> None:
    rows, header = _minutes({"flag": lambda i: 5, "v": lambda i: 20 + i % 7, "small": lambda i: (20 + i % 7) * 1e-9})
    path = write_csv(rows, header=header)
    overrides = ["dataset.target=[flag,v,small]", "dataset.context_length=8", "dataset.horizon=4"]
    task = _task(compose_group("dataset", "csv", [f"dataset.path={path}", *overrides]))
    assert task.data.decimals == {"flag": 0, "v": 2, "small": 11}
    shown = {one.channel: one.format(one.history[0]) for one in task.data.samples("test")}
    assert {name: len(text.partition(".")[2]) for name, text in shown.items()} == task.data.decimals
    assert shown["flag"] == "5" and float(shown["small"]) == pytest.approx(float(shown["v"]) * 1e-9)
    build(task, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "manifest.json").read_text())["data"]
    assert found["decimals"] == task.data.decimals
    assert found["flat_windows"] == {"train": {}, "val": {}, "test": {}}


def test_windows_that_lose_their_values_are_counted_and_a_channel_that_does_is_refused(
    write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    rows, header = _minutes(
        {"jump": lambda i: i % 3 / 1000 + (100.0 if i < 150 else 0.0), "fine": lambda i: i % 3 / 1000}
    )
    overrides = [f"dataset.path={write_csv(rows, header=header)}", "dataset.context_length=8", "dataset.horizon=4"]
    said: list[str] = []
    cfg = compose_group("dataset", "csv", [*overrides, "dataset.target=jump"])
    build(Forecast(dict(cfg), log=said.append), tmp_path)
    found = json.loads((tmp_path / "manifest.json").read_text())["data"]["flat_windows"]
    assert found == {"train": {"jump": 192}, "val": {"jump": 27}, "test": {"jump": 57}}
    assert said[0] == (
        "dataset csv: windows of train whose history moves, but not as shown: jump 192 (0 decimals): "
        "raise dataset.decimals where that matters"
    )
    cfg = compose_group("dataset", "csv", [*overrides, "dataset.target=fine", "dataset.decimals=1"])
    with pytest.raises(DataError, match=r"every training window of column 'fine' .* 1 decimals: set dataset.decimals="):
        build(_task(cfg), tmp_path / "fine")
    assert not (tmp_path / "fine").exists()


@pytest.mark.parametrize(
    ("file", "target", "decimals"),
    [
        ("tiny_scale/coin.csv", "v", {"v": 9}),
        ("tiny_scale/leak.csv", "v", {"v": 11}),
        ("shared_decimals/two.csv", "[flag,v]", {"flag": 0, "v": 2}),
        ("shared_decimals/two.csv", "[v,small]", {"v": 2, "small": 11}),
    ],
)
def test_the_files_that_were_shown_as_zeros(file: str, target: str, decimals: dict[str, int]) -> None:
    if not CASES.is_dir():
        pytest.skip("the small inputs of ../shared/cases are not there")
    overrides = [f"dataset.path={CASES / file}", f"dataset.target={target}", "dataset.context_length=8"]
    task = _task(compose_group("dataset", "csv", [*overrides, "dataset.horizon=4"]))
    assert task.data.decimals == decimals
    for row in task.rows("train"):
        history = row.info["history"]
        scale = np.ptp(task.data.table.values[row.info["channel"]])
        assert (len(set(history)) > 4) == (scale > 0)


def test_a_build_makes_the_windows_that_it_writes_and_no_others(
    hourly_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = [f"dataset.path={hourly_csv}", "dataset.target=load", "dataset.context_length=8", "dataset.horizon=4"]
    limits = ["dataset.max_windows={train:7,val:3,test:5}", "dataset.traces.samples=4"]
    task, made = _task(compose_group("dataset", "csv", [*overrides, *limits])), []
    whole = ForecastDataset._sample

    def counted(self: ForecastDataset, *given: Any) -> ForecastSample:
        made.append(given[0])
        return whole(self, *given)

    monkeypatch.setattr(ForecastDataset, "_sample", counted)
    assert build(task, tmp_path).counts == {"train": 7, "val": 3, "test": 5, "sft": 4, "sft_val": 3}
    assert len(made) == 7 + 3 + 5 + 4 + 3
    made.clear()
    every = _task(compose_group("dataset", "csv", overrides)).rows("train")
    assert (len(every), made) == (199, [])
    choose(every, 2, seed=0)
    assert len(made) == 2


def test_no_prompt_shows_minus_zero(small: dict[str, Any], write_csv: Callable[..., Path]) -> None:
    rows = [f"2024-01-01 {i // 60:02d}:{i % 60:02d},-0.001" for i in range(300)]
    task = _task({**small, "path": str(write_csv(rows, name="zero.csv"))})
    one = task.data.samples("val")[0]
    assert str(one.history[0]) == "0.0"
    assert "-0.00" not in task.prompt(one) + task.answer(one)


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
    task = _task(cfg)
    rows = task.rows("test")
    assert len(rows) == 10 * width
    assert {row.info["channel"] for row in rows} == set(columns.split(","))
    info = task.rows("train")[0].info
    assert (info["period"], len(info["history"])) == (24 if freq == "h" else 96, 96)
    if name == "ettm1":
        assert rows[0].info["target_start"] == str(times[4 * 11520])


def test_any_csv_gets_its_frequency_period_and_channel_from_the_file(hourly_csv: Path) -> None:
    overrides = [f"dataset.path={hourly_csv}", "dataset.target=load", "dataset.context_length=24"]
    task = _task(compose_group("dataset", "csv", [*overrides, "dataset.horizon=6"]))
    one = task.data.samples("test")[0]
    assert (one.freq, one.period, one.channel, one.meaning) == ("h", 24, "load", "load")
    assert task.prompt(one).startswith("Forecast the next 6 values of load (csv).")


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
