"""The W&B view: its specification, and the object of wandb-workspaces where that package is installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from src.errors import UserError
from src.record.reading import load_run
from src.report.parts.dashboard import load_dashboard
from src.report.parts.wandb_view import next_name, signature, specification, workspace
from src.report.run.page import write_report

ROOT = Path(__file__).resolve().parents[3]


def spec_of(run: Path) -> dict:
    record = load_run(run)
    return specification(load_dashboard(), record.metrics, record.trainers)


def panels(spec: dict) -> dict[str, dict]:
    return {panel["title"]: panel for section in spec["sections"] for panel in section["panels"]}


def test_the_view_has_the_panels_of_the_report(make_run, read_page) -> None:
    run = make_run(extra_metrics=2)
    spec = spec_of(run)
    shown = read_page(write_report(run)).panels
    assert list(panels(spec)) == [title for title in shown if not title.startswith("extra/")]
    assert [section["name"] for section in spec["sections"]] == [section.name for section in load_dashboard().sections]


def test_a_panel_in_full(make_run) -> None:
    found = panels(spec_of(make_run()))
    assert found["MSE on etth1"] == {
        "title": "MSE on etth1",
        "x": "stage_step/rl",
        "y": [
            "val/etth1/mse",
            "val/etth1/baseline/last_value/mse",
            "val/etth1/baseline/last_day/mse",
            "val/etth1/baseline/window_mean/mse",
            "val/etth1/baseline/daily_profile/mse",
        ],
        "title_y": "MSE (original units squared)",
        "range_y": [0, None],
    }
    assert found["SFT loss"]["x"] == "stage_step/sft"
    assert found["Time per step"]["plot_type"] == "stacked-area"


def test_a_metric_of_several_stages_is_one_curve_through_them(make_run) -> None:
    found = panels(spec_of(make_run(stages=("round1", "round2"))))
    assert found["Reward"]["x"] == "Step"


def test_tasks_are_lines_of_one_panel(make_run) -> None:
    found = panels(spec_of(make_run(tasks=("scenario", "causality"))))
    assert found["Reward by task or role"]["y"] == ["scenario/reward/mean", "causality/reward/mean"]


@pytest.mark.parametrize(
    ("taken", "name"),
    [([], "Training"), (["Other", "Training-b"], "Training"), (["Training", "Training-v4"], "Training-v5")],
)
def test_names_of_views(taken: list[str], name: str) -> None:
    assert next_name("Training", taken) == name


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "src.report", *arguments]
    return subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_command_prints_the_specification(make_run) -> None:
    run = make_run(steps=4)
    result = command(str(run), "--wandb-view")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == spec_of(run)


def test_a_run_without_metrics_has_no_view(make_run) -> None:
    run = make_run(steps=4)
    (run / "metrics.jsonl").unlink()
    result = command(str(run), "--wandb-view")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"error: {run} has no metrics yet: a view shows what a run has recorded\n"


def test_saving_without_the_package_says_what_to_install(make_run, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'wandb-workspaces>=0\.4\.13,<0\.5'"):
        workspace(spec_of(make_run(steps=4)), "me", "project")


def test_the_object_holds_the_specification(make_run) -> None:
    pytest.importorskip("wandb_workspaces", reason="wandb-workspaces is not installed")
    spec = spec_of(make_run())
    made = workspace(spec, "me", "project")
    stored = json.loads(made._to_model().model_dump_json())["spec"]["section"]["panel_bank_config"]["sections"]
    charts = [panel["config"] for section in stored for panel in section["panels"]]
    assert [chart["chart_title"] for chart in charts] == list(panels(spec))
    assert [chart["metrics"] for chart in charts] == [panel["y"] for panel in panels(spec).values()]
    assert charts[0]["x_axis"] == "stage_step/rl"


def test_the_same_panels_are_the_same_view(make_run) -> None:
    pytest.importorskip("wandb_workspaces", reason="wandb-workspaces is not installed")
    spec = spec_of(make_run())
    made = workspace(spec, "me", "project")
    loaded = type(made)._from_model(made._to_model())
    assert signature(loaded) == signature(made)
    spec["sections"][0]["panels"][0]["y"] = ["reward/other"]
    assert signature(workspace(spec, "me", "project")) != signature(made)
