"""The report of a sweep: its table, curves, comparisons, and what becomes of failures."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from sweep_folders import write_run, write_sweep

from src.record.sweep import read_sweep
from src.report.parts.wording import DASH
from src.report.sweep.curves import band
from src.report.sweep.page import write_sweep_report
from src.report.sweep.results import read_results
from src.report.sweep.table import heading, print_table

ROOT = Path(__file__).resolve().parents[3]
CLEAR = {"grpo": [0.40, 0.42, 0.41, 0.39, 0.43, 0.41], "grip": [0.60, 0.61, 0.62, 0.58, 0.64, 0.61]}


@pytest.fixture
def make_sweep(tmp_path: Path):
    """Return a function that writes a sweep; see ``sweep_folders.write_sweep``."""
    return lambda rewards=CLEAR, **options: write_sweep(tmp_path / "grid", rewards, **options)


def terminal(folder: Path, width: int = 200) -> list[str]:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_table(read_results(folder), console)
    return console.export_text().splitlines()


def test_the_table_has_means_intervals_and_the_best_first(make_sweep, read_page) -> None:
    page = read_page(write_sweep_report(make_sweep()))
    table = page.tables[0]
    assert table[0][:4] == ["Setting", "n", "held-out reward", "held-out MSE"]
    # mean 0.41, s = 0.014142, t(0.975, 5) = 2.5706, so +- 0.014841
    assert table[2][:3] == ["algorithm=grpo", "6", "0.410 ± 0.015"]
    assert table[1][:4] == ["algorithm=grip", "6", "0.610 ± 0.021", "3.90 ± 0.210"]
    assert "algorithm=grip has the highest held-out reward: 0.610 ± 0.021." in page.words
    assert "12 of 12 cells are done" in page.words


def test_the_best_of_each_column_is_marked(make_sweep) -> None:
    folder = make_sweep()
    html = write_sweep_report(folder).read_text()
    assert re.findall(r'<td class="best">([\d.]+)', html) == ["0.610", "3.90"]
    rows = [line for line in terminal(folder) if "algorithm=" in line]
    assert "0.610 ± 0.021 *" in rows[0] and "*" not in rows[1]


def test_csv_and_json_hold_the_same_numbers(make_sweep) -> None:
    folder = make_sweep()
    write_sweep_report(folder)
    with (folder / "table.csv").open() as file:
        first = next(csv.DictReader(file))
    assert (first["setting"], first["algorithm"], first["n"], first["failed"]) == ("algorithm=grip", "grip", "6", "0")
    assert float(first["val/*/reward"]) == pytest.approx(0.61)
    assert float(first["val/*/reward ±"]) == pytest.approx(0.02098871, rel=1e-6)
    content = json.loads((folder / "table.json").read_text())
    assert content["best"] == "algorithm=grip" and content["direction"] == "maximize"
    assert content["cells"][6]["scores"]["val/*/mse"] == pytest.approx(4.0)
    (pair,) = content["comparisons"]
    assert pair["seeds"]["n"] == 6 and pair["seeds"]["difference"] == pytest.approx(0.2)
    assert pair["verdict"] == "algorithm=grip is better"


def test_failures_are_shown_and_do_not_count(make_sweep, read_page) -> None:
    folder = make_sweep({"grpo": [0.4, None, 0.5], "grip": [None, None, None]})
    page = read_page(write_sweep_report(folder))
    assert page.tables[0][1:] == [
        ["algorithm=grpo", "2", "0.450 ± 0.635", "5.50 ± 6.35", "0 % ± 0 %", "1 failed"],
        ["algorithm=grip", "0", DASH, DASH, DASH, "3 failed"],
    ]
    assert "stage rl failed: out of memory" in page.words
    assert "2 of 6 cells are done" in page.words
    assert any("3 failed" in line for line in terminal(folder))


def test_a_sweep_of_which_all_failed_has_a_report(make_sweep, read_page) -> None:
    page = read_page(write_sweep_report(make_sweep({"grpo": [None], "grip": [None]})))
    assert "No cell has a result yet." in page.words


def test_settings_that_end_alike_are_called_so(make_sweep, read_page) -> None:
    page = read_page(write_sweep_report(make_sweep({"grpo": [0.5, 0.5], "grip": [0.5, 0.5]})))
    assert "All settings end at the same held-out reward: 0.500 ± 0.00." in page.words
    assert 'class="best"' not in page.html


def test_one_seed_has_no_interval(make_sweep, read_page) -> None:
    page = read_page(write_sweep_report(make_sweep({"grpo": [0.4], "grip": [0.5]})))
    assert page.tables[0][1][:3] == ["algorithm=grip", "1", "0.500"]
    assert "Cannot be told: fewer than two common seeds" in page.words


def test_curves_are_means_in_a_band_of_the_seeds(make_sweep, read_page) -> None:
    page = read_page(write_sweep_report(make_sweep()))
    assert page.panels[:4] == ["Reward", "MSE on etth1", "Failed answers on etth1", "Reward on etth1"]
    reward = page.data["charts"][3]
    assert reward["metric"] == "val/etth1/reward"
    best, other = reward["series"]
    assert (best["name"], other["name"]) == ("algorithm=grip", "algorithm=grpo")
    assert best["x"] == [0, 2, 4]
    assert (best["y"][-1], best["lo"][-1], best["hi"][-1]) == (0.61, 0.58, 0.64)


def test_a_long_curve_is_thinned_and_smoothed(make_sweep, read_page) -> None:
    page = read_page(write_sweep_report(make_sweep({"grpo": [0.4, 0.5]}, steps=1000)))
    (curve,) = page.data["charts"][0]["series"]
    assert len(curve["x"]) <= 160 and curve["x"][-1] == 1000


def test_seeds_that_ended_early_leave_the_band_to_the_others() -> None:
    import pandas as pd

    drawn = band([pd.Series({1: 1.0, 2: 3.0}), pd.Series({1: 2.0, 2: math.nan, 3: 5.0})])
    assert drawn == {"x": [1, 2, 3], "y": [1.5, 3.0, 5.0], "lo": [1.0, 3.0, 5.0], "hi": [2.0, 3.0, 5.0]}


def test_torn_records_and_mixed_versions_are_noted(make_sweep, read_page) -> None:
    folder = make_sweep(torn=True)
    sweep = read_sweep(folder)
    place = sweep.run_folder(sweep.cells[0]) / "run.json"
    place.write_text(place.read_text().replace("4f1c2a9be01d", "0123456789ab"))
    words = read_page(write_sweep_report(folder)).words
    assert "algorithm-grip__seed-6: The last line of metrics.jsonl (line 6) is torn" in words
    assert "different versions of the code: 0123456789, 4f1c2a9be0." in words


def test_cells_lead_to_the_reports_of_their_runs(make_sweep) -> None:
    html = write_sweep_report(make_sweep()).read_text()
    assert 'href="time_r1/algorithm-grip__seed-2/report.html"' in html
    assert not re.search(r"https?://(?!www\.w3\.org)", html)
    assert "default-src 'none'" in html


def test_hostile_settings_cannot_become_markup(make_sweep, read_page) -> None:
    attack = "</script><script>alert(1)</script>"
    page = read_page(write_sweep_report(make_sweep({attack: [0.4, 0.5], "grip": [None, 0.7]})))
    assert page.tags.count("script") == 2
    assert any(series["name"] == f"algorithm={attack}" for series in page.data["charts"][0]["series"])


@pytest.mark.parametrize(
    ("metric", "words"),
    [("val/*/mse", "held-out MSE"), ("test/etth1/mae", "test MAE on etth1"), ("val/*/reward", "held-out reward"),
     ("val/*/fail_frac", "held-out failed answers"), ("reward/mean", "reward/mean"),
     ("val/x/big_win", "held-out big win on x")],
)  # fmt: skip
def test_columns_are_headed_in_words(metric: str, words: str) -> None:
    assert heading(metric) == words


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "src.report", *arguments]
    return subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_command_knows_a_sweep_from_a_run(make_sweep, tmp_path: Path) -> None:
    folder = make_sweep()
    done = command(str(folder), "--metric", "val/*/mse")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(folder / "report.html")
    assert "held-out MSE" in done.stdout and "algorithm=grip is better" in done.stdout
    run = write_run(tmp_path / "run")
    assert command(str(run)).stdout == f"{run / 'report.html'}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--metric", "val/*/mse"), "is not a sweep: --metric chooses"),
        (("grid", "--metric", "val/*/none"), "has recorded val/*/none; held-out metrics are val/*/reward"),
        (("begun",), "has no runs yet: start it with python -m src.launch -m"),
        (("broken",), "is not a sweep's record"),
        (("none",), "is not a folder"),
    ],
)
def test_what_cannot_be_reported_is_one_clear_error(
    make_sweep, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    make_sweep({"grpo": [0.4]})
    write_run(tmp_path / "run")
    begun = write_sweep(tmp_path / "begun", {"grpo": [None]})
    (begun / "sweep.json").write_text((begun / "sweep.json").read_text().replace('"attempts": 1', '"attempts": 0'))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sweep.json").write_text("{}")
    done = command(str(tmp_path / arguments[0]), *arguments[1:])
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_one_run_has_of_several_groups_is_a_column_of_each(make_sweep) -> None:
    metrics = {"acc": {"value": 0.5}, "success": {"value": 1.0}}
    groups = {name: {"metrics": metrics, "answers": 4, "failed": 0} for name in ("a", "b")}
    columns = read_results(make_sweep(evaluation={"rl": {"groups": groups}})).columns
    assert columns[0] == "val/*/reward" and "val/*/mse" in columns  # one data set: one column over all cells
    assert columns[-6:] == [
        "test/a/acc", "test/b/acc", "test/a/fail_frac", "test/b/fail_frac", "test/a/success", "test/b/success",
    ]  # fmt: skip


def test_the_sweeps_own_metric_and_direction_count(make_sweep, read_page) -> None:
    folder = make_sweep()
    record = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps({**record, "metric": "actor/entropy", "direction": "minimize"}))
    results = read_results(folder)
    assert (results.metric, results.lower) == ("actor/entropy", True)
    assert results.columns[:2] == ["actor/entropy", "val/*/reward"]
    (folder / "sweep.json").write_text(json.dumps({**record, "metric": "val/*/mse", "direction": "maximize"}))
    assert read_results(folder).best.label == "algorithm=grpo"  # as was asked for


def test_baselines_are_drawn_where_all_runs_have_the_same(make_sweep, read_page) -> None:
    folder = make_sweep()
    charts = {one["metric"]: one for one in read_page(write_sweep_report(folder)).data["charts"]}
    assert charts["val/etth1/mse"]["refs"] == [{"name": "last day", "value": 9}]
    assert charts["val/etth1/reward"]["refs"] == []
    metrics = read_sweep(folder).run_folder(read_sweep(folder).cells[0]) / "metrics.jsonl"
    metrics.write_text(metrics.read_text().replace('last_day/mse": 9.0', 'last_day/mse": 8.0'))
    charts = {one["metric"]: one for one in read_page(write_sweep_report(folder)).data["charts"]}
    assert charts["val/etth1/mse"]["refs"] == []
