"""The parts of a report on their own: thinning, the panel list, the findings, the choice of samples."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from src.errors import ConfigError
from src.record.layout import Layout
from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.report.parts.dashboard import DASHBOARD, load_dashboard, match
from src.report.parts.decimate import bucket_means, keep_extremes
from src.report.parts.wording import duration, number, percent
from src.report.run import samples as samples_module
from src.report.run.comparison import compare
from src.report.run.headline import findings, summary
from src.report.run.samples import collect_samples, spread
from src.report.run.sections import comparison_tables


def record(**metrics: list[float]) -> RunRecord:
    """Return a run with one RL stage; ``__`` in a metric's name stands for ``/``."""
    series = {
        name.replace("__", "/"): Series(np.arange(len(values)), np.array(values, dtype=float))
        for name, values in metrics.items()
    }
    return RunRecord(Path("run"), {}, {"rl": series}, [])


def test_thinning_keeps_a_single_spike_and_both_ends() -> None:
    values = np.zeros(5000)
    values[3210] = 9.0
    values[1234] = -4.0
    index = keep_extremes(values, 400)
    assert len(index) <= 400
    assert {0, 1234, 3210, 4999} <= set(index.tolist())
    assert (np.diff(index) > 0).all()


def test_thinning_leaves_short_series_alone_and_keeps_gaps() -> None:
    assert keep_extremes(np.arange(7.0), 7).tolist() == list(range(7))
    values = np.concatenate([np.ones(500), np.full(500, math.nan), np.ones(500)])
    assert np.isnan(values[keep_extremes(values, 50)]).any()


def test_bucket_means_keep_adding_up() -> None:
    steps, means = bucket_means(np.arange(10), np.array([np.arange(10.0), np.full(10, 2.0)]), 5)
    assert steps.tolist() == [1, 3, 5, 7, 9]
    assert means.tolist() == [[0.5, 2.5, 4.5, 6.5, 8.5], [2.0] * 5]


def test_metric_patterns_stand_for_one_segment() -> None:
    names = ["val/a/mse", "val/a/baseline/x/mse", "val/mse", "xval/a/mse"]
    assert match("val/{dataset}/mse", names) == {"val/a/mse": {"dataset": "a"}}
    assert match("a.b", ["a.b", "axb"]) == {"a.b": {}}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "kind: stack",
            "kind: pie",
            "Panel 'Time per step' of list.yaml: kind is 'pie', but must be one of line",
        ),
        ("section: Warm-up", "section: Warmup", "Panel 'SFT loss' of list.yaml: section is 'Warmup'"),
        ("format: scientific", "format: hex", "Panel 'Learning rate' of list.yaml: y.format is 'hex'"),
        ("title: Training\n", "", "is malformed: 'title'"),
        ("kind: stack", "colour: red", "is malformed:.*colour"),
        (
            "each: [task]",
            "each: [tasks]",
            "Panel 'Reward terms of {task}' of list.yaml: each names 'tasks', but the metric .* has no {tasks}",
        ),
    ],
)
def test_a_wrong_panel_list_names_the_entry(tmp_path: Path, old: str, new: str, message: str) -> None:
    content = DASHBOARD.read_text()
    assert old in content
    path = tmp_path / "list.yaml"
    path.write_text(content.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        load_dashboard(path)


def test_a_missing_panel_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read: No such file"):
        load_dashboard(tmp_path / "none.yaml")


NOISE = [0.01, -0.01] * 10


@pytest.mark.parametrize(
    ("rewards", "answer", "tone"),
    [
        ([0.02 * i + e for i, e in enumerate(NOISE)], "Yes: 0.030 \N{RIGHTWARDS ARROW} 0.350", "good"),
        (
            [1 - 0.02 * i + e for i, e in enumerate(NOISE)],
            "No, it fell: 0.970 \N{RIGHTWARDS ARROW} 0.650",
            "bad",
        ),
        ([0.5 + e for e in NOISE], "No clear change: 0.500 \N{RIGHTWARDS ARROW} 0.500", "open"),
        ([0.1, 0.9, 0.9], "Too few steps to tell", "open"),
        ([], "Not measured", "open"),
    ],
)
def test_the_reward_finding(rewards: list[float], answer: str, tone: str) -> None:
    found = findings(record(reward__mean=rewards))[0]
    assert (found.answer, found.tone) == (answer, tone)


def test_forecasts_on_several_datasets_are_counted() -> None:
    metrics = {}
    for name, mse in (("a", 2.0), ("b", 5.0)):
        metrics |= {
            f"val__{name}__mse": [9.0, mse],
            f"val__{name}__fail_frac": [0.5, 0.0],
            f"val__{name}__baseline__last_day__mse": [4.0, 4.0],
            f"val__{name}__baseline__window_mean__mse": [4.5, 4.5],
        }
    run = record(**metrics)
    found = findings(run)[2]
    assert (found.answer, found.tone) == ("On 1 of 2 datasets", "open")
    assert "b: 5.00 against 4.00 of the last day (9.00 before)." in found.detail
    assert summary(findings(run)) == (
        "The reward was not recorded, 100 % of answers are valid, and answers beat trivial ones on 1 of 2 datasets."
    )


def test_a_low_error_on_few_answers_is_no_success() -> None:
    found = findings(record(val__a__mse=[1.0], val__a__fail_frac=[0.4], val__a__baseline__last_day__mse=[2.0]))
    assert found[2].tone == "open"
    assert found[2].detail.endswith("Up to 40 % of the answers could not be used.")
    assert (found[1].answer, found[1].tone) == ("Not all: 60 %", "bad")


def choices(**acc: float) -> RunRecord:
    """Return a run of questions with choices: accuracy 0.3 before RL and as given after it, with baselines."""
    return record(
        val__q__acc=[0.3, acc["model"]],
        val__q__fail_frac=[0.2, 0.0],
        val__q__baseline__majority__acc=[acc["majority"]] * 2,
        val__q__baseline__majority__fail_frac=[0.0, 0.0],
        val__q__baseline__oracle__acc=[1.0, 1.0],
    )


def test_of_an_accuracy_higher_is_better_and_an_oracle_is_no_baseline() -> None:
    good = findings(choices(model=0.62, majority=0.48))
    assert (good[2].question, good[2].answer, good[2].tone) == (
        "Do the answers beat trivial ones?",
        "Yes: acc 0.140 higher",
        "good",
    )
    assert good[2].detail == "q: 0.620 against 0.480 of the majority (0.300 before)."
    bad = findings(choices(model=0.4, majority=0.48))
    assert (bad[2].answer, bad[2].tone) == ("No: acc 0.080 lower", "bad")
    assert summary(bad).endswith("and the acc is 0.080 lower than the best baseline (majority).")


def test_the_noise_floor_is_no_trivial_forecast() -> None:
    run = record(
        val__q__mae=[0.6, 0.5],
        val__q__fail_frac=[0.0, 0.0],
        val__q__baseline__copy_yesterday__mae=[1.0, 1.0],
        val__q__baseline__noise_floor__mae=[0.2, 0.2],
    )
    assert compare(run)[0].best_baseline == "copy_yesterday"


def test_the_table_of_an_accuracy() -> None:
    html = comparison_tables(compare(choices(model=0.62, majority=0.48)))
    cells = re.findall(r"<t[dh](?: [^>]*)?>([^<]*)", html)
    assert cells[:4] == ["Answers", "acc", "Failed answers", "acc against best baseline"]
    assert cells[8:] == [
        *("Model, after RL (step 1)", "0.620", "0 %", "+0.140"),
        *("Baseline: majority", "0.480", "0 %", "best baseline"),
        *("Baseline: oracle", "1.00", "0 %", "+0.520"),
    ]


def test_nothing_answered_before_training_is_a_row_without_error() -> None:
    run = record(val__a__fail_frac=[1.0, 0.0])
    run.metrics["rl"]["val/a/mse"] = Series(np.array([1]), np.array([3.0]))
    first, last = compare(run)[0].evaluations
    assert math.isnan(first.value("mse"))
    assert (first.value("fail_frac"), first.label) == (1.0, "Model, before RL (step 0)")
    assert (last.value("mse"), last.label) == (3.0, "Model, after RL (step 1)")


def test_samples_are_spread_with_both_ends() -> None:
    assert spread(list(range(100)), 4) == [0, 33, 66, 99]
    assert spread([1, 2], 4) == [1, 2]
    assert spread([1, 2], 1) == [1]


def test_samples_are_thinned_to_the_budget(make_run, monkeypatch) -> None:
    run = make_run(steps=4, per_step=32, validate_every=2)
    files = Layout(run).sample_files()
    whole = collect_samples(run, files, [])
    assert len(whole["samples"]) == 96
    monkeypatch.setattr(samples_module, "BUDGET", len(json.dumps(whole)) // 3)
    thinned = collect_samples(run, files, [])
    assert 0 < len(thinned["samples"]) < 48
    assert max(s["score"] for s in thinned["samples"]) == max(s["score"] for s in whole["samples"])


def test_long_texts_are_cut_and_say_so() -> None:
    assert samples_module.clip("x" * 12_010).endswith("x\n[... 10 more characters]")
    assert samples_module.clip("x" * 12_000) == "x" * 12_000


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (math.nan, "\N{EN DASH}"),
        (0.0, "0.00"),
        (5.8752, "5.88"),
        (13033.18, "13,033"),
        (0.00084, "0.00084"),
        (0.679, "0.679"),
        (-0.0384, "-0.038"),
        (1e-6, "1.00e-06"),
        (250.04, "250.0"),
    ],
)
def test_numbers(value: float, words: str) -> None:
    assert number(value) == words


def test_percentages_and_times() -> None:
    assert [percent(share) for share in (0.0, 0.004, 0.335, 0.977, 1.0)] == [
        "0 %",
        "0.4 %",
        "34 %",
        "97.7 %",
        "100 %",
    ]
    assert [duration(s) for s in (0.8, 74.2, 3600, 200_000)] == [
        "0.8 s",
        "1 min 14 s",
        "1 h 0 min",
        "2 d 7 h",
    ]
