"""A sweep is ranked by what has one unit in all of its cells, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sweep_folders import write_sweep

from src.report.sweep.comparison import compare_all
from src.report.sweep.page import write_sweep_report
from src.report.sweep.results import read_results
from src.report.sweep.table import print_table

# The reward of the second preset is ten times the first's, and its forecasts (10 * (1 - reward)) have less error.
PRESETS = {"time_r1": [0.40, 0.42], "time_r1_paper": [0.60, 0.61]}


@pytest.mark.parametrize(
    "key",
    ["reward", "+reward", "reward.custom_reward_function.path", "reward.custom_reward_function.reward_kwargs.tail",
     "stage.rl.reward", "+stage.rl.reward"],
)  # fmt: skip
def test_where_the_reward_is_swept_settings_are_compared_by_the_tasks_metric(tmp_path: Path, key: str) -> None:
    folder = write_sweep(tmp_path / "grid", PRESETS, key=key)
    results = read_results(folder)
    assert (results.metric, results.lower, results.refusal) == ("val/*/mse", True, None)
    assert results.best is not None and results.best.label.endswith("=time_r1_paper")
    assert results.best_of("val/*/reward") is None, "no reward is marked as the best"
    assert any("compared by val/*/mse, which does not depend on it" in note for note in results.notes)
    assert len(compare_all(results)) == 1


def of_preset(name: str) -> dict[str, Any]:
    return {"stage": {"rl": {"kind": "rl", "reward": {"weight": len(name)}}}}


def test_rewards_that_vary_through_something_else_are_found_in_the_configurations(tmp_path: Path) -> None:
    results = read_results(write_sweep(tmp_path / "grid", PRESETS, key="ablation", config=of_preset))
    assert (results.metric, results.rewards_vary) == ("val/*/mse", True)


def test_the_reward_ranks_where_all_cells_share_it(tmp_path: Path) -> None:
    config = {"reward": {"weight": 1.0}, "stage": {"rl": {"reward": "time_r1"}}}
    results = read_results(write_sweep(tmp_path / "grid", PRESETS, config=config))
    assert (results.metric, results.rewards_vary, results.refusal) == ("val/*/reward", False, None)


def test_a_reward_that_is_asked_for_has_no_order_and_it_is_said_why(tmp_path: Path, read_page) -> None:
    folder = write_sweep(tmp_path / "grid", PRESETS, key="reward")
    results = read_results(folder, "val/*/reward")
    assert results.refusal is not None and "different units" in results.refusal
    assert results.best is None and compare_all(results) == []
    assert [one.label for one in results.ranked] == [one.label for one in results.settings]
    page = read_page(write_sweep_report(folder, "val/*/reward"))
    assert "The reward varies between the cells, so their rewards are in different units" in page.words
    assert "They have no order" in page.words
    assert 'class="first"' not in page.html
    content = json.loads((folder / "table.json").read_text())
    assert (content["best"], content["comparisons"], content["no_order"]) == (None, [], results.refusal)
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_table(results, console)
    rows = [line for line in console.export_text().splitlines() if "reward=" in line]
    assert len(rows) == 2 and "0.605 ± 0.064 *" not in rows[1] and "3.95 ± 0.635 *" in rows[1]


def test_errors_on_different_data_have_no_order(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "grid", {"etth1": [0.4], "exchange": [0.6]}, key="dataset", dataset=str)
    results = read_results(folder, "val/*/mse")
    assert results.refusal == (
        "The runs have val/*/mse of different data (etth1, exchange), so their values have no order: sweep one dataset."
    )
    assert results.best is None
