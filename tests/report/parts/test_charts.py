"""From the panel list and what a run has recorded to charts: what is drawn, of which stages, and what is not."""

import math

import numpy as np
import pytest

from src.record.metrics_log import Series
from src.report.parts.charts import OTHER, build_charts, omissions
from src.report.parts.dashboard import Dashboard, Omission, Panel, Section, load_dashboard, match

BOTH = {"sft": ["timing_s/step", "train/lr"], "rl": ["timing_s/step", "timing_s/gen"]}
TRAINERS = {"sft": "sft", "rl": "ppo"}


def series(*values: float) -> Series:
    return Series(np.arange(len(values)), np.array(values))


def test_a_panel_of_one_trainer_leaves_out_the_other_stages() -> None:
    charts, _ = build_charts(load_dashboard(), BOTH, TRAINERS)
    specs = {chart.title: chart.spec for chart in charts}
    assert specs["SFT time per step"]["stages"] == ["sft"]
    assert specs["Time per step"]["stages"] == ["rl"]
    assert specs["Time per step"]["total"] == "timing_s/step"
    assert "stages" not in specs["SFT learning rate"]
    assert specs["SFT learning rate"]["smooth"] is False  # a schedule has no noise
    assert OTHER not in [chart.section for chart in charts]


def test_a_metric_of_both_trainers_is_not_drawn_for_the_one_that_is_absent() -> None:
    charts, absent = build_charts(load_dashboard(), {"sft": BOTH["sft"]}, TRAINERS)
    assert [chart.title for chart in charts] == ["SFT learning rate", "SFT time per step"]
    assert "Time per step" in absent


@pytest.mark.parametrize(
    ("values", "omitted"),
    [
        ({"one": series(0.0, math.nan), "two": series(0.0)}, True),
        ({"one": series(0.0, 0.5), "two": series(0.0)}, False),  # it is known on one stage's machine
        ({"one": series(0.0), "two": series(-0.5)}, False),
        ({"one": series(math.nan)}, True),
    ],
)
def test_a_metric_is_omitted_where_it_is_never_other_than_zero(values: dict[str, Series], omitted: bool) -> None:
    dashboard = Dashboard("", [], [], [Omission(["perf/mfu/{role}"], "unknown", within=0)])
    recorded = {stage: {"perf/mfu/actor": one, "perf/other": one} for stage, one in values.items()}
    assert omissions(dashboard, recorded) == ({"perf/mfu/actor": "unknown"} if omitted else {})


def test_a_metric_that_misleads_is_omitted_whatever_it_says() -> None:
    recorded = {"rl": {"response_length/clip_ratio": series(0.25, 1.0), "response_length/limit_frac": series(0.0)}}
    assert omissions(load_dashboard(), recorded) == {
        "response_length/clip_ratio": "the share that is as long as the longest of its batch, whatever the limit is"
    }


def test_no_panel_shows_what_the_list_omits() -> None:
    """A metric that misleads must not come back under a title."""
    dashboard = load_dashboard()
    always = [name for one in dashboard.omitted if math.isinf(one.within) for name in one.metrics]
    assert "response_length/clip_ratio" in always
    for panel in dashboard.panels:
        for pattern in panel.metrics:
            assert not match(pattern, always), panel.title


def test_shares_end_at_one() -> None:
    for panel in load_dashboard().panels:
        if panel.y.format == "percent":
            assert (panel.y.min, panel.y.max) == (0, 1), panel.title


def test_a_panel_without_a_trainer_is_about_every_stage() -> None:
    dashboard = Dashboard("", [Section("A")], [Panel("A", "Seconds", ["timing_s/step"])])
    charts, _ = build_charts(dashboard, {"sft": ["timing_s/step"], "rl": ["timing_s/step"]}, TRAINERS)
    assert [(chart.title, chart.spec.get("stages")) for chart in charts] == [("Seconds", None)]
