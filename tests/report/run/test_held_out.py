"""Held-out answers before and after, question by question."""

import json
from pathlib import Path

import pytest
from seeded_runs import ITEM_EFFECTS, write_run

from src.record.reading import load_run
from src.report.run.headline import findings
from src.report.run.held_out import held_out, pooled


def test_each_question_is_compared_with_itself(tmp_path: Path) -> None:
    rows, gains, answers = held_out(load_run(write_run(tmp_path / "run", 1)), "run")
    (row,) = rows
    assert (row.dataset, row.stage, row.steps, row.lead, row.value) == ("demand", "rl", (0, 5), "mse", (9.0, 3.0))
    assert (row.baseline, row.baseline_value, row.valid) == ("last_week", 1.5, (1.0, 1.0))
    assert len(gains) == 24
    assert gains["demand", None, 5].after - gains["demand", None, 5].before == pytest.approx(ITEM_EFFECTS[1] + 0.01)
    assert [len(answers[when]) for when in ("before", "after")] == [48, 48], "the training's answers are none of them"
    assert row.gain is not None
    assert (row.gain.items, row.gain.questions) == (6, 24)


def test_only_questions_of_all_runs_are_pooled(tmp_path: Path) -> None:
    _, gains, _ = held_out(load_run(write_run(tmp_path / "run", 1)), "run")
    fewer = {question: gain for question, gain in gains.items() if question[2] < 8}
    found = pooled([gains, fewer], "demand")
    assert found is not None
    assert (found.questions, found.items) == (8, 2)
    assert pooled([gains, fewer], "other") is None
    assert pooled([], "demand") is None


def test_a_stage_with_one_validation_says_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", 1)
    lines = [line for line in (run / "metrics.jsonl").read_text().splitlines() if '"step": 5' not in line]
    (run / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert held_out(load_run(run), "run") == ([], {}, {})


def test_the_headline_has_the_interval_and_the_number_of_items(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", 1)
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"stage": "rl", "step": 4, "reward/mean": 0.5}) + "\n")
    found = findings(load_run(run))[0]
    mean = float(ITEM_EFFECTS.mean()) + 0.01
    assert f"({mean:+.3f}, 95 % interval " in found.detail
    assert found.detail.endswith(", 6 independent items).")
