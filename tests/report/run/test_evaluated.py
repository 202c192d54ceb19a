"""The section on the test split, from ``evaluation.json`` in all its forms."""

import json
from pathlib import Path
from typing import Any

import pytest

from src.report.run.page import write_report


def metric(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "interval": None if low is None else [low, high]}


def group(value: float, last_week: float = 0.52, failed: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "lead": "mse",
        "metrics": {"mse": metric(value, value - 0.2, value + 0.2), "mae": metric(0.7), "copied": metric(0.04)},
        "baselines": {
            "last_day": {"mse": metric(7.8, 6.0, 9.7), "mae": metric(1.8)},
            "last_week": {"mse": metric(last_week), "mae": metric(0.5)},
            "noise_floor": {"mse": metric(0.1), "mae": metric(0.1)},
        },
        "questions": 100,
        "items": 14,
        "answers": 300,
        "failed": failed,
        **changes,
    }


def result(groups: dict[str, Any], **details: Any) -> dict[str, Any]:
    return {"runs": 3, "settings": {"temperature": 0.6}, "groups": groups, "details": {"problems": {}, **details}}


def channel(ours: float, last_week: float) -> dict[str, Any]:
    return {
        "mse": ours,
        "mase": ours / 2,
        "fail_frac": 0.0,
        "baselines": {"last_week": {"mse": last_week, "mase": 0.9}},
    }


def with_evaluation(run: Path, content: Any) -> Path:
    (run / "evaluation.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return write_report(run)


def test_every_stage_and_baseline_is_a_row_with_its_interval(make_run, read_page) -> None:
    report = with_evaluation(
        make_run(steps=4), {"sft": result({"demand": group(9.0)}), "rl": result({"demand": group(1.4)})}
    )
    page = read_page(report)
    assert page.tables[1] == [
        ["Answers", "MSE", "MAE", "copied", "Failed answers", "MSE against best baseline"],
        ["Model, after SFT", "9.008.80 to 9.20", "0.700", "0.040", "0 %", "+1631 %"],
        ["Model, after RL", "1.401.20 to 1.60", "0.700", "0.040", "0 %", "+169 %"],
        ["Baseline: last day", "7.806.00 to 9.70", "1.80", "\N{EN DASH}", "0 %", "+1400 %"],
        ["Baseline: last week", "0.520", "0.500", "\N{EN DASH}", "0 %", "best baseline"],
        ["Bound: noise floor", "0.100", "0.100", "\N{EN DASH}", "0 %", "-81 %"],
    ]
    assert "demand, 100 test questions (14 independent blocks of time), 300 answers" in page.words
    assert "mean of 3 answers to each question, temperature 0.6" in page.words
    assert "the model does not beat the best baseline (last week): the MSE is 169 % higher." in page.words
    assert "No: MSE 169 % higher" in page.words
    html = report.read_text().partition('id="test-split"')[2].partition("</section>")[0]
    assert html.count('class="best"') == 2  # the last week's, and nothing of the metric that no baseline has


def test_what_is_known_question_by_question_stands_below_and_beside(make_run, read_page) -> None:
    paired = {"questions": 100, "items": 14, "p": 0.01}
    differences = [
        {"to": "last_week", "kind": "baseline", "difference": 0.9, "interval": [0.7, 1.1], **paired},
        {"to": "sft", "kind": "stage", "difference": -7.6, "interval": [-9.0, -6.0], **paired},
    ]
    about = {"mase": "in units of the error one day ahead"}
    after = group(1.4, differences=differences, about=about)
    page = read_page(
        with_evaluation(make_run(steps=4), {"sft": result({"demand": group(9.0)}), "rl": result({"demand": after})})
    )
    assert page.tables[1][2][-1] == "+169 %MSE 0.700 to 1.10"
    assert "After RL less after SFT: MSE -7.60 (-9.00 to -6.00), 14 independent items." in page.words
    assert "MASE: in units of the error one day ahead." in page.words


def test_channels_are_compared_each_with_its_own_best_baseline(make_run, read_page) -> None:
    channels = {"HUFL": channel(2.0, 1.0), "OT": channel(0.5, 1.0)}
    page = read_page(with_evaluation(make_run(steps=4), {"rl": result({"etth1": group(1.4)}, channels=channels)}))
    assert page.tables[2] == [
        ["Channels", "after RL", "last week", "Against best baseline"],
        ["HUFL", "2.00", "1.00", "+100 %, loses to last week"],
        ["OT", "0.500", "1.00", "-50 %, beats last week"],
    ]
    assert page.tables[3][1] == ["HUFL", "1.00", "0.900", "+11 %, loses to last week"]
    assert "MASE of channels" in page.words


def test_mixtures_have_the_channels_of_each_dataset_and_one_channel_is_no_table(make_run, read_page) -> None:
    datasets = {
        "a": {"channels": {"x": channel(2.0, 1.0), "y": channel(2.0, 1.0)}},
        "b": {"channels": {"z": channel(1, 2)}},
    }
    groups = {"a": group(1.4), "b": group(0.2)}
    page = read_page(with_evaluation(make_run(steps=4), {"rl": result(groups, datasets=datasets)}))
    assert "MSE of channels of a" in page.words
    assert "channels of b" not in page.words
    assert "Answers beat the best baseline on 1 of 2 datasets, and lose to it on a (last week)" in page.words.replace(
        "answers beat", "Answers beat"
    )


def test_failures_are_counted_with_their_reasons(make_run, read_page) -> None:
    content = {"rl": result({"demand": group(1.4, failed=30)}, problems={"there is no answer section": 30})}
    page = read_page(with_evaluation(make_run(steps=4), content))
    assert (
        "after RL: 30 of 300 answers (10 %) cannot be used: 30 \N{MULTIPLICATION SIGN} there is no answer" in page.words
    )
    assert page.tables[1][1][-2] == "10 %"


def test_a_file_of_before_is_read(make_run, read_page) -> None:
    old = {
        "kind": "evaluation", "dataset": "demand", "runs": 1, "problems": {}, "windows": [], "channels": {},
        "model": {"mse": 5.5, "mae": 1.5, "fail_frac": 0.0, "mse_interval": [5.0, 6.0], "windows": 4,
                  "answered_windows": 4, "answers": 4, "failed": 0, "truncated_frac": 0.0},
        "baselines": {"last_day": {"mse": 7.0, "mae": 2.0, "mse_interval": [6.0, 8.0]}},
    }  # fmt: skip
    page = read_page(with_evaluation(make_run(steps=4), {"rl": old}))
    assert page.tables[1][1][:2] == ["Model, after RL", "5.50"], "its interval took windows for independent"
    assert "one answer to each question" in page.words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The same command with the run's run.name does it"),
        ({"config": {"evaluation": {"enable": False}}}, "again with evaluation.enable=true and the run's run.name"),
        ({"stages": [{"name": "rl", "state": "running"}]}, "evaluated on the test split after the last stage"),
    ],
)
def test_without_scores_it_says_how_to_get_them(make_run, read_page, changes: dict[str, Any], words: str) -> None:
    run = make_run(steps=4)
    meta = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**meta, **changes}))
    assert words in read_page(write_report(run)).words


def test_a_broken_file_is_a_note_and_no_end(make_run, read_page) -> None:
    page = read_page(with_evaluation(make_run(steps=4), '{"rl": '))
    assert "The scores on the test split are left out: " in page.words
    assert page.panels


def test_a_model_that_answered_nothing_has_no_error_and_loses(make_run, read_page) -> None:
    nothing = group(1.0, metrics={"mse": metric(None), "mae": metric(None)}, failed=300)
    page = read_page(with_evaluation(make_run(steps=4), {"rl": result({"demand": nothing})}))
    assert page.tables[1][1] == ["Model, after RL", "\N{EN DASH}", "\N{EN DASH}", "100 %", "\N{EN DASH}"]
    assert "No: no usable answer" in page.words
    assert "the model does not beat the best baseline (last week): it has no usable answer." in page.words


def test_the_model_on_variants_of_the_questions_is_a_row_and_no_rival(make_run, read_page) -> None:
    less = {"to": "other_image", "kind": "variant", "difference": -0.9, "interval": [-1.1, -0.7], "p": 0.01,
            "questions": 100, "items": 14}  # fmt: skip
    shown = {"other_image": {"metrics": {"mse": metric(0.3, 0.2, 0.4)}, "answers": 300, "failed": 150}}
    after = group(1.4, variants=shown, differences=[less], about={})
    report = with_evaluation(
        make_run(steps=4), {"sft": result({"demand": group(9.0)}), "rl": result({"demand": after})}
    )
    page = read_page(report)
    dash = "\N{EN DASH}"
    assert page.tables[1][3] == ["Model, after RL, other image", "0.3000.200 to 0.400", dash, dash, "50 %", "-42 %"]
    assert "After RL less the same model other image: MSE -0.900 (-1.10 to -0.700), 14 independent items." in page.words
    html = report.read_text().partition('id="test-split"')[2].partition("</section>")[0]
    assert html.count('class="best"') == 2, "what is shown otherwise is not the best"
