"""Learning curves of a sweep whose runs have several stages."""

from pathlib import Path

import pandas as pd
import pytest
from sweep_folders import write_sweep

from src.report.parts.dashboard import load_dashboard
from src.report.sweep import curves
from src.report.sweep.curves import Curves, build_curves
from src.report.sweep.results import read_results


def _titles(*charts: tuple[str, str, str]) -> list[str]:
    """The titles of charts, each given by title, metric and stage."""
    made = [Curves("A", title, "", {"metric": metric, "stage": stage}) for title, metric, stage in charts]
    return [chart.title for chart in curves._distinct(made)]


@pytest.mark.parametrize(
    ("charts", "titles"),
    [
        ([("Reward", "reward/mean", "rl"), ("Entropy", "actor/entropy", "rl")], ["Reward", "Entropy"]),
        (
            [("Reward", "reward/mean", "round1"), ("Reward", "reward/mean", "round2")],
            ["Reward (round1)", "Reward (round2)"],
        ),
        ([("Gap", "gap/mean", "rl"), ("Gap", "gap/max", "rl")], ["Gap (gap/mean)", "Gap (gap/max)"]),
        (
            [("Gap", "mean", "one"), ("Gap", "max", "one"), ("Gap", "mean", "two"), ("Gap", "max", "two")],
            ["Gap (mean, one)", "Gap (max, one)", "Gap (mean, two)", "Gap (max, two)"],
        ),
    ],
)
def test_charts_of_the_same_title_are_told_apart(charts: list[tuple[str, str, str]], titles: list[str]) -> None:
    assert _titles(*charts) == titles


def test_a_panel_of_one_trainer_is_drawn_for_its_stages_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The seconds of a step are recorded by both trainers."""
    frame = pd.DataFrame({"timing_s/step": [1.0, 2.0]}, index=[1, 2])
    monkeypatch.setattr(curves, "_frames", lambda setting: {"warm": [frame], "rl": [frame]})
    monkeypatch.setattr(curves, "_trainers", lambda setting: {"warm": "sft", "rl": "ppo"})
    drawn = build_curves(load_dashboard(), read_results(write_sweep(tmp_path / "grid", {"grpo": [0.4], "grip": [0.6]})))
    assert [(chart.title, chart.spec["stage"]) for chart in drawn] == [("SFT time per step", "warm")]
