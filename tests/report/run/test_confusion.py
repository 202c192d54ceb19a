"""Confusion matrices of the test split: a table for each stage, whatever classes are called, or none."""

import json
from pathlib import Path
from typing import Any

import pytest

from src.report.run.confusion import matrices
from src.report.run.page import write_report

GROUP = {
    "lead": "acc",
    "metrics": {"acc": {"value": 0.5, "interval": None}},
    "baselines": {"majority": {"acc": {"value": 0.5, "interval": None}}},
    "questions": 5,
    "items": 5,
    "answers": 5,
    "failed": 1,
}


def _result(*confusions: dict[str, Any]) -> dict[str, Any]:
    names = ("gunpoint", "other")[: len(confusions)]
    several = {"datasets": {name: {"confusion": one} for name, one in zip(names, confusions, strict=True)}}
    details = several if len(confusions) > 1 else {"confusion": confusions[0]}
    groups = dict.fromkeys(names, GROUP)
    return {"runs": 1, "settings": {}, "groups": groups, "details": {"problems": {}, **details}}


BEFORE = {"classes": ["Gun-Draw", "<Point>"], "counts": [[1, 2, 0], [1, 0, 1]]}
AFTER = {"classes": ["Gun-Draw", "<Point>"], "counts": [[3, 0, 0], [0, 1, 1]]}


def _write(run: Path, **stages: dict[str, Any]) -> Path:
    (run / "evaluation.json").write_text(json.dumps(stages))
    return write_report(run)


def test_stages_stand_beside_each_other(make_run, read_page, open_page) -> None:
    report = _write(make_run(steps=4), sft=_result(BEFORE), rl=_result(AFTER))
    head = ["Truth", "Gun-Draw", "<Point>", "no class"]
    tables = read_page(report).tables
    assert [head, ["Gun-Draw", "1", "2", "0"], ["<Point>", "1", "0", "1"]] in tables
    assert [head, ["Gun-Draw", "3", "0", "0"], ["<Point>", "0", "1", "1"]] in tables
    tab = open_page(report.as_uri())
    captions = "[...document.querySelectorAll('.confusion caption')].map((one) => one.textContent)"
    assert tab.value(captions) == ["Confusion after SFT", "Confusion after RL"]
    shades = "[...document.querySelectorAll('.confusion td')].map((one) => getComputedStyle(one).backgroundColor)"
    found = tab.value(shades)
    assert found[6] == "rgba(44, 160, 44, 0.5)"  # all right
    assert found[7] == "rgba(214, 39, 40, 0)"  # none wrong


def test_every_dataset_has_its_own(make_run, read_page) -> None:
    report = _write(make_run(steps=4), rl=_result(AFTER, BEFORE))
    words = read_page(report).words
    assert "Confusion after RL, gunpoint" in words and "Confusion after RL, other" in words


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {"classes": ["a"]},
        {"classes": ["a"], "counts": [[1]]},
        {"classes": ["a"], "counts": [[1, None]]},
        {"classes": ["a", "b"], "counts": [[1, 0, 0]]},
    ],
)
def test_what_is_no_matrix_is_left_out(broken: Any) -> None:
    assert matrices({"rl": {"confusion": broken}, "sft": {}}, None) == ""
