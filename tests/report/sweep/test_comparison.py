"""Two settings against each other: by their seeds, and by the held-out questions that they share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep_folders import write_sweep

from src.report.sweep.comparison import compare_all, question_scores, verdict
from src.report.sweep.page import write_sweep_report
from src.report.sweep.results import read_results

CLEAR = {"grpo": [0.40, 0.42, 0.41, 0.39, 0.43, 0.41], "grip": [0.60, 0.61, 0.62, 0.58, 0.64, 0.61]}


@pytest.fixture
def make_sweep(tmp_path: Path):
    """Return a function that writes a sweep; see ``sweep_folders.write_sweep``."""
    return lambda rewards=CLEAR, **options: write_sweep(tmp_path / "grid", rewards, **options)


def windows_of(algorithm: str, seed: int) -> list[float]:
    noise = np.random.default_rng(seed).normal(size=30)
    return [0.5 + 0.3 * one + (0.02 if algorithm == "grip" else 0.0) for one in noise]


def test_a_comparison_says_over_what_it_was_made(make_sweep, read_page) -> None:
    folder = make_sweep(windows=windows_of)
    (pair,) = compare_all(read_results(folder))
    assert pair.seeds is not None and pair.questions is not None
    assert (pair.seeds.n, pair.questions.n) == (6, 30)
    assert pair.seeds.difference == pytest.approx(0.2)
    assert pair.questions.difference == pytest.approx(0.02)
    assert pair.seeds.p == pytest.approx(2 / 64)
    assert verdict(pair, lower=False) == "algorithm=grip is better"
    words = read_page(write_sweep_report(folder)).words
    assert "over 6 common seeds: +0.200 [+0.191, +0.209], p = 0.031." in words
    assert "Over 30 common held-out questions: +0.020 [+0.020, +0.020]" in words


def test_windows_that_overlap_are_one_item_of_a_comparison(make_sweep, read_page) -> None:
    folder = make_sweep(windows=windows_of, overlap=6)
    (pair,) = compare_all(read_results(folder, "val/*/mse"))
    assert pair.questions is not None and (pair.questions.n, pair.questions.items) == (30, 5)
    (single,) = compare_all(read_results(folder, "val/*/reward"))
    assert single.questions is not None and single.questions.items == 5
    words = read_page(write_sweep_report(folder)).words
    few = "5 independent blocks of time; few, so the intervals are approximate"
    assert f"Over 30 common held-out questions ({few}): +0.020 [+0.020, +0.020]" in words
    assert "30 questions, 5 independent" in words


def test_a_record_that_does_not_say_which_windows_overlap_has_no_interval(make_sweep, read_page) -> None:
    folder = make_sweep(windows=windows_of, overlap=None)
    (pair,) = compare_all(read_results(folder))
    assert pair.questions is not None and (pair.questions.n, pair.questions.items) == (30, 1)
    assert math.isnan(pair.questions.low) and math.isnan(pair.p_questions)
    words = read_page(write_sweep_report(folder)).words
    assert "(1 independent block of time; no intervals, which need at least 2): +0.020." in words


def on_test_split(values: list[float | None]) -> dict[str, Any]:
    known = {"ids": [f"OT/{place}" for place in range(len(values))], "items": [0, 0, 1, 1], "values": values}
    group = {"lead": "mse", "metrics": {"mse": {"value": 1.0, "interval": None}}, "baselines": {}, "questions": 4,
             "items": 2, "answers": 4, "failed": 0, "about": {}, "differences": [], "by_question": known}  # fmt: skip
    return {"rl": {"groups": {"etth1": group}, "details": {}}}


def test_settings_are_compared_on_the_questions_of_the_test_split(tmp_path: Path) -> None:
    folder = write_sweep(
        tmp_path / "grid", {"grpo": [0.4, 0.5], "grip": [0.6, 0.7]}, evaluation=on_test_split([1, 2, None, 4])
    )
    results = read_results(folder, "test/*/mse")
    scores = question_scores(results.settings[0], "test/*/mse")
    assert list(scores) == ["1", "2"]
    assert {question: (one.score, one.item) for question, one in scores["1"].items()} == {
        ("etth1", "OT/0"): (1.0, ("etth1", 0)), ("etth1", "OT/1"): (2.0, ("etth1", 0)),
        ("etth1", "OT/3"): (4.0, ("etth1", 1)),
    }  # fmt: skip
    (pair,) = compare_all(results)
    assert pair.questions is not None and (pair.questions.difference, pair.questions.items) == (0.0, 2)
    assert question_scores(results.settings[0], "test/*/mae") == {}, "only the leading metric is kept by question"


def test_three_seeds_that_agree_are_not_enough(make_sweep) -> None:
    (pair,) = compare_all(read_results(make_sweep({"grpo": [0.40, 0.41, 0.42], "grip": [0.60, 0.61, 0.63]})))
    assert pair.seeds is not None and pair.seeds.low > 0 and pair.seeds.p == pytest.approx(0.25)
    assert verdict(pair, lower=False) == "cannot be told: 3 seeds, 6 are needed"


def test_only_common_seeds_and_windows_are_paired(make_sweep) -> None:
    folder = make_sweep({"grpo": [0.4, 0.5, None], "grip": [0.6, None, 0.9]}, windows=windows_of)
    (pair,) = compare_all(read_results(folder))
    assert pair.seeds is not None and (pair.seeds.n, pair.seeds.difference) == (1, pytest.approx(0.2))
    assert pair.questions is not None and pair.questions.n == 30


def test_windows_are_compared_by_errors_too(make_sweep) -> None:
    results = read_results(make_sweep(windows=windows_of), "val/*/mse")
    assert results.lower and results.ranked[0].label == "algorithm=grip"
    scores = question_scores(results.settings[0], "val/*/mse")["1"]
    # truth (1, 2), forecast (1, 2 + score)
    assert scores[("etth1", "OT", 0)].score == pytest.approx(windows_of("grpo", 1)[0] ** 2 / 2)
    assert question_scores(results.settings[0], "val/*/fail_frac") == {}


def test_several_comparisons_are_corrected(make_sweep) -> None:
    three = {**CLEAR, "median": [0.50, 0.53, 0.51, 0.49, 0.52, 0.52]}
    pairs = compare_all(read_results(make_sweep(three)))
    assert [(pair.first[10:], pair.second[10:]) for pair in pairs] == [
        ("grip", "median"), ("grip", "grpo"), ("median", "grpo"),
    ]  # fmt: skip
    assert [pair.p_seeds for pair in pairs] == pytest.approx([3 * 2 / 64] * 3)
    assert {verdict(pair, lower=False) for pair in pairs} == {"not certain"}
