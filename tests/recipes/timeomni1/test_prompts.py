"""Traces that follow a rule of thumb: how many, which rule, and where there are none."""

import re

import pytest

from recipes.timeomni1.collect import generator
from recipes.timeomni1.task import TimeOmni1
from src.config.group import compose_group
from src.tasks.task import load_task

NONE = [f"dataset.rows.{split}.{name}=0" for split in ("train", "val", "test", "test_ood", "sft_val")
        for name in ("scenario", "causality", "forecasting", "decision", "pricing")]  # fmt: skip


def task(*overrides: str, name: str = "scenario") -> TimeOmni1:
    rows = [*NONE, f"dataset.tasks=[{name}]", f"dataset.rows.sft.{name}=60", f"dataset.rows.val.{name}=8"]
    found = load_task(compose_group("dataset", "timeomni1_short", [*rows, *overrides]), log=lambda line: None)
    assert isinstance(found, TimeOmni1)
    return found


HASTY = re.compile(r"<think>At a glance, [^:.]+\. So ([A-D])\.</think>\n<answer>\1</answer>")


@pytest.mark.parametrize("name", ["scenario", "causality", "decision", "pricing", "forecasting"])
def test_a_share_of_the_traces_of_choices_follows_the_rule_of_thumb_of_their_task(name: str) -> None:
    some, none, whole = (task(f"dataset.traces.hasty={share}", name=name).traces("sft") for share in (0.5, 0.0, 1.0))
    said = [HASTY.fullmatch(one.answer) for one in some]
    if name == "forecasting":
        assert [one.answer for one in some] == [one.answer for one in whole] == [one.answer for one in none]
        return
    assert 15 < sum(map(bool, said)) < 45
    solver, words = generator(name).GLANCE
    for one, plain, found in zip(some, none, said, strict=True):
        assert one.row == plain.row and not HASTY.fullmatch(plain.answer)
        if found:
            assert found[1] == one.row.info["shortcuts"][solver] and words in one.answer
        else:
            assert one.answer == plain.answer
    assert all(HASTY.fullmatch(one.answer) for one in whole)
    # The rule is plausible and wrong: it finds no more than its ceiling, far from what the reasoning finds.
    right = sum(one.row.info["shortcuts"][solver] == one.row.truth for one in none) / len(none)
    assert right < generator(name).CEILINGS[solver] + 0.2


def test_answers_without_reasoning_and_questions_that_are_asked_are_never_hasty() -> None:
    bare = task("dataset.traces.answer_only=true", "dataset.traces.hasty=1").traces("sft")
    assert not [one for one in bare if "glance" in one.answer]
    assert task("dataset.traces.hasty=1").rows("val") == task().rows("val")
