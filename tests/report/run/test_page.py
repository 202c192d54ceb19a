"""The report of a synthetic run: its words, tables, panels and data, and what it must not contain."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from src.report.run.page import write_report
from src.report.run.store import pack

ROOT = Path(__file__).resolve().parents[3]


def edit_json(path: Path, **changes) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def series(data: dict, stage: str, metric: str) -> tuple[list, list]:
    """Return steps and values of a metric as the page holds them."""
    found = next(one for one in data["store"]["stages"] if one["name"] == stage)
    steps, values = found["metrics"][metric]
    return data["store"]["steps"][steps], values


def test_headline_says_what_happened(make_run, read_page) -> None:
    page = read_page(write_report(make_run()))
    assert (
        "The reward rose, 98 % of answers are valid, "
        "and the MSE is 16 % lower than the best baseline (daily profile)." in page.words
    )
    assert "etth1: 5.88 against 6.98 of the daily profile; 13.28 before." in page.words
    assert "98 % of held-out answers on etth1; 80 % before." in page.words


def test_comparison_table_has_model_and_baselines(make_run, read_page) -> None:
    table = read_page(write_report(make_run())).tables[0]
    assert table == [
        ["Answers", "MSE", "MAE", "Failed answers", "MSE against best baseline"],
        ["Model, before RL (step 0)", "13.28", "1.89", "20 %", "+90 %"],
        ["Model, after RL (step 80)", "5.88", "1.26", "2 %", "-16 %"],
        ["Baseline: last value", "26.00", "2.40", "0 %", "+272 %"],
        ["Baseline: last day", "10.98", "1.59", "0 %", "+57 %"],
        ["Baseline: window mean", "18.14", "2.38", "0 %", "+160 %"],
        ["Baseline: daily profile", "6.98", "1.32", "0 %", "best baseline"],
    ]


def test_the_lowest_errors_are_marked(make_run) -> None:
    assert re.findall(r'<td class="best">([^<]*)', write_report(make_run()).read_text()) == ["5.88", "1.26"]


def test_a_model_worse_than_the_baseline_is_called_so(make_run, read_page) -> None:
    html = write_report(make_run(final_mse=9.0)).read_text()
    assert "No: MSE 29 % higher" in html
    assert re.findall(r'<td class="best">([^<]*)', html) == ["6.98", "1.32"]


def test_every_panel_of_the_list_is_there_once(make_run, read_page) -> None:
    page = read_page(write_report(make_run()))
    terms = ["format", "length", "mse", "seasonal", "trend", "structural"]
    assert page.panels == [
        "Reward",
        *(f"Reward term: {term}" for term in terms),
        "MSE on etth1",
        "MAE on etth1",
        "Failed answers on etth1",
        "Reward on etth1",
        "Valid answers",
        "Response length",
        "Responses cut off",
        "Groups without signal",
        "Rollouts kept",
        "KL to the reference policy",
        "Entropy",
        "Clip fraction",
        "Log-probability gap",
        "Gradient norm",
        "Learning rate",
        "SFT loss",
        "SFT gradient norm",
        "SFT learning rate",
        "SFT time per step",
        "Time per step",
        "Throughput",
    ]
    assert len(page.data["charts"]) == len(page.panels) == 28
    assert "Not recorded in this run" not in page.words


def test_metrics_that_no_panel_knows_are_drawn_too(make_run, read_page) -> None:
    page = read_page(write_report(make_run(extra_metrics=3)))
    assert page.panels[-3:] == ["extra/metric_0", "extra/metric_1", "extra/metric_2"]


def test_facts_about_the_run(make_run, read_page) -> None:
    page = read_page(write_report(make_run()))
    stages = page.tables[1]
    assert stages[1:] == [
        ["sft", "done", "30", "1 min 14 s", "checkpoints/sft/step_30"],
        ["rl", "done", "80", "38 min 32 s", "checkpoints/rl/step_80"],
        ["Total", "", "", "39 min 46 s", ""],
    ]
    rows = [row for table in page.tables[2:] for row in table]
    assert ["Commit", "4f1c2a9be01d with uncommitted changes"] in rows
    assert ["verl", "0.9.1"] in rows
    assert ["memory", "24 GiB"] in rows
    assert "python -m src.launch +recipe=time_r1 seed=7" in page.words


def test_nothing_is_asked_of_a_network(make_run) -> None:
    html = write_report(make_run()).read_text()
    assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}", html.replace("</", ""), re.IGNORECASE)
    assert not re.search(r"<(link|img|iframe|script[^>]* src)|@import|url\(|fetch\(|XMLHttpRequest|WebSocket", html)
    assert "default-src 'none'" in html


def test_samples_are_there_with_reasoning_terms_and_series(make_run, read_page) -> None:
    data = read_page(write_report(make_run())).data
    assert len(data["samples"]) == 9 * 16
    sample = max((s for s in data["samples"] if s["step"] == 80), key=lambda s: s["score"])
    window = data["windows"][sample["window"]]
    assert set(sample["terms"]) == {"format", "length", "mse", "seasonal", "trend", "structural"}
    assert (len(window["history"]["history"]), len(window["truth"]), len(sample["forecast"])) == (96, 24, 24)
    assert sample["response"].startswith("<think>\nThe level over the last four days")
    assert window["prompt"].startswith("Here is the High Useful Load")
    assert len(data["windows"]) == 2  # shared by all samples of the same window


ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028]]>\ud800"


def test_text_of_a_model_cannot_become_markup(make_run, read_page) -> None:
    run = make_run(steps=4)
    path = run / "samples" / "rl_4.jsonl"
    sample = {
        **json.loads(path.read_text().splitlines()[0]),
        "response": ATTACK,
        "prompt": ATTACK,
        "channel": ATTACK,
        "dataset": ATTACK,
        "terms": {ATTACK: 1.0},
    }
    path.write_text(json.dumps(sample) + "\n")
    with (run / "metrics.jsonl").open("a") as file:
        file.write(
            json.dumps({"stage": "rl", "step": 5, f"val/{ATTACK.replace('/', '')}/mse": 1.0, ATTACK: 2.0}) + "\n"
        )
    edit_json(
        run / "run.json",
        run=ATTACK,
        command=ATTACK,
        versions={ATTACK: ATTACK},
        wandb_id=ATTACK,
        stages=[{"name": ATTACK, "state": ATTACK, "checkpoint": ATTACK}],
    )
    page = read_page(write_report(run))
    assert page.tags.count("script") == 2  # the data and the page's own
    assert "img" not in page.tags
    assert page.data["samples"][-1]["response"] == ATTACK


def test_a_torn_last_line_is_reported_and_left_alone(make_run, read_page) -> None:
    run = make_run(torn=True)
    before = (run / "metrics.jsonl").read_bytes()
    page = read_page(write_report(run))
    assert "The last line of metrics.jsonl (line 112) is torn" in page.words
    assert max(series(page.data, "rl", "reward/mean")[0]) == 80
    assert (run / "metrics.jsonl").read_bytes() == before


def test_a_whole_record_has_no_notes(make_run) -> None:
    assert "Notes on the record" not in write_report(make_run()).read_text()


def test_values_that_are_not_finite_become_gaps(make_run, read_page) -> None:
    run = make_run(steps=10)
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "rl", "step": 11, "reward/mean": NaN, "actor/entropy": Infinity}\n')
        file.write('{"stage": "rl", "step": 12, "reward/mean": 1' + "0" * 400 + "}\n")
    page = read_page(write_report(run))
    assert series(page.data, "rl", "reward/mean")[1][-2:] == [None, None]
    assert "reward/mean (rl) is not finite at 2 step(s), first at step 11." in page.words
    assert "actor/entropy (rl) is not finite at 1 step(s), first at step 11." in page.words


def test_a_run_that_has_only_begun(make_run, read_page) -> None:
    run = make_run(steps=4)
    (run / "metrics.jsonl").unlink()
    for path in (run / "samples").iterdir():
        path.unlink()
    page = read_page(write_report(run))
    assert page.panels == []
    assert "There is no metrics.jsonl: the run has not recorded a step." in page.words
    assert "The run has recorded no samples." in page.words
    assert page.words.count("Not measured") == 3


def test_panels_without_data_are_named(make_run, read_page) -> None:
    run = make_run(steps=4)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    (run / "metrics.jsonl").write_text("\n".join(line for line in lines if '"sft"' in line) + "\n")
    page = read_page(write_report(run))
    assert page.panels == ["SFT loss", "SFT gradient norm", "SFT learning rate", "SFT time per step"]
    assert "Not recorded in this run: Reward, Reward term, MSE, MAE, Failed answers" in page.words


def test_a_long_run_stays_small_and_whole(make_run, read_page) -> None:
    page = read_page(write_report(make_run(steps=2000, extra_metrics=110, validate_every=50, per_step=64)))
    assert len(page.html) < 10_000_000
    assert len(page.panels) == 138
    assert len(series(page.data, "rl", "extra/metric_7")[0]) == 2000
    assert page.data["store"]["thinned"] == 0
    assert "from 40 of 41 recorded steps" in page.words
    assert "thinned" not in page.words


def test_a_thinned_run_says_so(make_run, read_page, monkeypatch) -> None:
    monkeypatch.setattr("src.report.run.page.pack", lambda record, averaged: pack(record, averaged, budget=1000))
    assert "long curves are thinned to 400 points" in read_page(write_report(make_run(steps=500))).words


def test_a_second_report_replaces_the_first(make_run) -> None:
    run = make_run(steps=4)
    first = write_report(run)
    edit_json(run / "run.json", run="renamed")
    assert write_report(run) == first == run / "report.html"
    assert "<title>time_r1 renamed</title>" in first.read_text()
    assert [path.name for path in run.glob("*.html")] + [path.name for path in run.glob(".rep*")] == ["report.html"]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "src.report", *arguments]
    return subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)


def test_command_prints_the_path(make_run) -> None:
    run = make_run(steps=4)
    result = command(str(run))
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{run / 'report.html'}\n", "")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "is not a folder: give the folder of a run, outputs/<recipe>/<run>."),
        ({}, "is not a run: it has no run.json. Give a folder outputs/<recipe>/<run>."),
        ({"run.json": '{"recipe": '}, "run.json is not valid JSON"),
        ({"run.json": "[1]"}, "run.json does not hold a JSON object"),
    ],
)
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, files: dict[str, str] | None, message: str) -> None:
    folder = tmp_path / "some where"
    if files is not None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content)
    result = command(str(folder))
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "report.html").exists()


def test_torch_is_not_imported() -> None:
    code = "import sys, src.report, src.tasks.forecast.baselines; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout == "False\n"


def test_what_the_task_says_of_the_data_is_a_note(make_run, read_page) -> None:
    run = make_run(steps=4)
    (run / "data").mkdir(exist_ok=True)
    (run / "data" / "manifest.json").write_text(json.dumps({"notes": ["The teacher is weak on purpose."]}))
    words = read_page(write_report(run)).words
    assert "Notes on the dataThe teacher is weak on purpose." in words
