"""The last lines of a run: what the models of its stages score on the test split."""

from typing import Any

import pytest

from src.launcher.evaluation import print_evaluation


def _result(accuracy: float | None) -> dict[str, Any]:
    metrics = {"success": {"value": 1.0, "interval": None}, "acc_all": {"value": accuracy, "interval": [0.1, 0.9]}}
    group = {"metrics": metrics, "baselines": {"length_only": {"acc_all": 0.5}}, "questions": 8, "failed": 0}
    return {"kind": "questions", "dataset": "quiz", "runs": 2, "groups": {"quiz-ood": group}}


def test_questions_are_printed_by_group_with_their_baselines(capsys: pytest.CaptureFixture[str]) -> None:
    print_evaluation({"sft": _result(0.25), "rl": _result(None)})
    assert capsys.readouterr().out.splitlines() == [
        "test split of quiz: mean over 2 answers each",
        "  quiz-ood, 8 questions",
        "    after sft            success 1, acc all 0.25",
        "    after rl             success 1",
        "    length only          acc all 0.5",
    ]
