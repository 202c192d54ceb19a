"""A stage's model against that of the stage before, question by question."""

from typing import Any

import pytest

from src.evaluation.stages import compare_stages


def result(values: list[float | None] | None, group: str = "demand") -> dict[str, Any]:
    known = None
    if values is not None:
        known = {"ids": [f"a/{place}" for place in range(len(values))], "items": [0, 0, 1, 2], "values": values}
    beside = {"to": "last_week", "kind": "baseline"}
    return {"groups": {group: {"lead": "mse", "differences": [beside], "by_question": known}}, "runs": 3}


def test_each_stage_is_held_against_the_one_before_it() -> None:
    before = result([5.0, 7.0, 9.0, 4.0])
    found = compare_stages({"sft": before, "rl": result([1.0, 2.0, 4.0, None]), "rl2": result([0.0, 0.0, 0.0, 0.0])})
    assert found["sft"] == before
    beside, rl = found["rl"]["groups"]["demand"]["differences"]
    assert beside == {"to": "last_week", "kind": "baseline"}
    assert (rl["to"], rl["kind"], rl["questions"], rl["items"]) == ("sft", "stage", 3, 2)
    assert rl["difference"] == pytest.approx(-14 / 3)
    assert rl["interval"][0] < rl["difference"] < rl["interval"][1]
    assert found["rl2"]["groups"]["demand"]["differences"][1]["to"] == "rl"
    assert found["rl"]["runs"] == 3


def test_what_is_not_known_question_by_question_is_not_compared() -> None:
    for other in (result(None), result([1.0, 1.0, 1.0, 1.0], group="other"), result([None] * 4)):
        found = compare_stages({"sft": result([5.0, 7.0, 9.0, 4.0]), "rl": other})
        (group,) = found["rl"]["groups"].values()
        assert len(group["differences"]) == 1
