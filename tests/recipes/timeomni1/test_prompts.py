"""Traces in which a rule of thumb overrules the reasoning: how many, which rule, and where there are none."""

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


OVERRULED = re.compile(r"<think>(.*\.) But ([a-z ]+), so ([A-D])\.</think>\n<answer>\3</answer>", re.DOTALL)


@pytest.mark.parametrize("name", ["scenario", "causality", "decision", "pricing", "forecasting"])
def test_in_a_share_of_the_traces_of_choices_the_tasks_rule_of_thumb_overrules_the_reasoning(name: str) -> None:
    some, none, whole = (
        task(f"dataset.traces.overruled={share}", name=name).traces("sft") for share in (0.5, 0.0, 1.0)
    )
    said = [OVERRULED.fullmatch(one.answer) for one in some]
    if name == "forecasting":
        assert [one.answer for one in some] == [one.answer for one in whole] == [one.answer for one in none]
        return
    assert 15 < sum(map(bool, said)) < 45
    solver, words = generator(name).RULE_OF_THUMB
    for one, plain, found in zip(some, none, said, strict=True):
        assert one.row == plain.row and not OVERRULED.fullmatch(plain.answer)
        if found:
            assert (found[2], found[3]) == (words, one.row.info["shortcuts"][solver])
            assert plain.answer.startswith(f"<think>{found[1]}</think>\n")
        else:
            assert one.answer == plain.answer
    assert all(OVERRULED.fullmatch(one.answer) for one in whole)
    # The rule is plausible and wrong: it finds no more than its ceiling, far from what the reasoning finds.
    right = sum(one.row.info["shortcuts"][solver] == one.row.truth for one in none) / len(none)
    assert right < generator(name).CEILINGS[solver] + 0.2


def test_answers_without_reasoning_and_questions_that_are_asked_are_never_overruled() -> None:
    bare = task("dataset.traces.answer_only=true", "dataset.traces.overruled=1").traces("sft")
    assert not [one for one in bare if " But " in one.answer]
    assert task("dataset.traces.overruled=1").rows("val") == task().rows("val")
