"""What evaluation.json holds, in the one form and in the two that came before it."""

import json
from pathlib import Path

import pytest

from src.errors import UserError
from src.record.evaluation import held_out_scores, independence, read_evaluation

SHARED = {
    "model_name": "m", "dataset": "demand", "split": "test", "runs": 2, "fingerprint": "f0", "settings": {"runs": 2},
    "dataset_settings": {"name": "demand"}, "versions": {"vllm": "0"}, "speed": {"tokens": 8},
}  # fmt: skip
FORECASTER = {
    "kind": "evaluation",
    **SHARED,
    "horizon": 6,
    "rolls": 1,
    "model": {
        "mse": 5.5, "mae": 1.5, "fail_frac": 0.25, "mse_interval": [5.0, 6.0], "windows": 4, "answered_windows": 3,
        "answers": 8, "failed": 2, "well_formed_frac": 0.5, "truncated_frac": 0.125,
    },
    "baselines": {
        "last_day": {"mse": 7.0, "mae": 2.0, "mse_interval": [6.0, 8.0], "answered": {"mse": 6.5, "mae": 1.9}},
    },
    "channels": {"load": {"mse": 5.5}},
    "problems": {"no rows": 2},
    "windows": [{"channel": "load"}],
}  # fmt: skip
QUESTIONS = {
    "kind": "questions",
    **SHARED,
    "groups": {
        "causality": {
            "metrics": {
                "success": {"value": 0.5, "interval": [0.0, 1.0]},
                "acc": {"value": None, "interval": None},
                "acc_all": {"value": 0.25, "interval": [0.1, 0.4]},
            },
            "baselines": {"majority": {"acc_all": 0.5}},
            "questions": 4,
            "answers": 8,
            "failed": 4,
        }
    },
    "truncated_frac": 0.5,
}


def read(folder: Path, content: object) -> dict:
    (folder / "evaluation.json").write_text(json.dumps(content))
    return read_evaluation(folder)


def test_a_forecasters_result_of_before_has_one_group(tmp_path: Path) -> None:
    one = read(tmp_path, {"rl": FORECASTER})["rl"]
    assert one["groups"] == {
        "demand": {
            "lead": "mse",
            "metrics": {
                "mse": {"value": 5.5, "interval": None},
                "mae": {"value": 1.5, "interval": None},
                "well_formed": {"value": 0.5, "interval": None},
                "mse_answered": {"value": 5.5, "interval": None},
            },
            "baselines": {
                "last_day": {
                    "mse": {"value": 7.0, "interval": None},
                    "mae": {"value": 2.0, "interval": None},
                    "mse_answered": {"value": 6.5, "interval": None},
                }
            },
            "questions": 4,
            "items": None,
            "answers": 8,
            "failed": 2,
            "about": {},
            "differences": [],
            "by_question": None,
            "variants": {},
        }
    }
    assert one["details"] == {
        name: FORECASTER[name] for name in ("horizon", "rolls", "channels", "problems", "windows")
    }
    assert (one["truncated_frac"], one["task"], one["dataset"], one["runs"]) == (0.125, None, "demand", 2)
    assert "model" not in one and "kind" not in one


def test_a_model_that_answered_nothing_has_no_error(tmp_path: Path) -> None:
    model = {**FORECASTER["model"], "mse": None, "mae": None, "mse_interval": None, "answered_windows": 0}
    last_day = {**FORECASTER["baselines"]["last_day"], "answered": None}
    one = read(tmp_path, {"rl": {**FORECASTER, "model": model, "baselines": {"last_day": last_day}}})["rl"]
    assert one["groups"]["demand"]["metrics"]["mse"] == {"value": None, "interval": None}
    assert "mse_answered" not in one["groups"]["demand"]["baselines"]["last_day"]


def test_baselines_of_questions_of_before_become_metrics(tmp_path: Path) -> None:
    one = read(tmp_path, {"rl": QUESTIONS})["rl"]
    group = one["groups"]["causality"]
    assert (group["lead"], group["items"], group["answers"], group["failed"]) == ("acc_all", 4, 8, 4)
    assert group["metrics"] == QUESTIONS["groups"]["causality"]["metrics"]
    assert group["baselines"] == {"majority": {"acc_all": {"value": 0.5, "interval": None}}}
    assert (one["details"], one["truncated_frac"]) == ({}, 0.5)


def test_the_form_of_now_stays_as_it_is(tmp_path: Path) -> None:
    now = read(tmp_path, {"rl": FORECASTER})
    assert read(tmp_path, now) == now


def test_intervals_that_took_overlapping_windows_for_independent_are_left_out(tmp_path: Path) -> None:
    now = read(tmp_path, {"rl": FORECASTER})["rl"]
    metrics = {"mse": {"value": 5.5, "interval": [5.0, 6.0]}}
    group = {"lead": "mse", "metrics": metrics, "baselines": {"last_day": metrics}, "questions": 4, "items": 2,
             "answers": 8, "failed": 2}  # fmt: skip
    before = {**now, "groups": {"demand": group}}
    found = read(tmp_path, {"rl": before})["rl"]["groups"]["demand"]
    assert found["metrics"]["mse"] == found["baselines"]["last_day"]["mse"] == {"value": 5.5, "interval": None}
    assert found["items"] is None
    whole = {**group, "about": {}, "differences": [], "by_question": None, "variants": {}}
    assert read(tmp_path, {"rl": {**now, "groups": {"demand": whole}}})["rl"]["groups"]["demand"] == whole
    choices = read(tmp_path, {"rl": {**before, "details": {}}})["rl"]["groups"]["demand"]
    assert (choices["metrics"], choices["items"]) == (metrics, 2), "questions do not overlap"


@pytest.mark.parametrize(
    ("items", "questions", "words"),
    [(16, 96, "16 independent blocks of time"), (100, 100, None),
     (4, 96, "4 independent blocks of time; few, so the intervals are approximate"),
     (4, 4, "few, so the intervals are approximate"),
     (1, 96, "1 independent block of time; no intervals, which need at least 2"),
     (1, 1, "no intervals, which need at least 2"),
     (None, 96, "how many are independent was not recorded; no intervals")],
)  # fmt: skip
def test_a_reader_is_told_what_intervals_rest_on(items: int | None, questions: int, words: str | None) -> None:
    assert independence({"items": items, "questions": questions}) == words


def test_final_scores_are_those_of_the_last_stage(tmp_path: Path) -> None:
    last = {"val/demand/mse": 2.0, "val/demand/baseline/last_day/mse": 9.0, "val/loss": 1.0, "reward/mean": 0.5}
    evaluation = read(tmp_path, {"sft": FORECASTER, "rl": QUESTIONS})
    assert held_out_scores(last, evaluation) == {
        "val/demand/mse": 2.0,
        "test/causality/success": 0.5,
        "test/causality/acc_all": 0.25,
        "test/causality/fail_frac": 0.5,
    }
    assert held_out_scores(last, {}) == {"val/demand/mse": 2.0}


def test_a_run_that_was_not_evaluated_and_a_file_that_is_none(tmp_path: Path) -> None:
    assert read_evaluation(tmp_path) == {}
    with pytest.raises(UserError, match="does not hold a JSON object"):
        read(tmp_path, [1])
