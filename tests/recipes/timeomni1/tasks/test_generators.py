"""What all generators promise: one interface, and the same draw in every process."""

import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from drawn import items
from rationales import fixed_text

from recipes.timeomni1.item import Item

TASKS = ("causality", "forecasting", "decision", "pricing")

_DRAW = """
from importlib import import_module
from recipes.timeomni1.item import Size
for task in {tasks}:
    draw = import_module("recipes.timeomni1.tasks." + task + ".questions").draw
    for size, ood in (("paper", False), ("paper", True), ("short", False), ("short", True)):
        print([draw(seed, ood=ood, size=Size(size)) for seed in range(8)])
"""


def test_a_draw_is_the_same_in_another_process() -> None:
    command = [sys.executable, "-c", _DRAW.format(tasks=TASKS)]
    printed = {
        subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1 and printed.pop().count("Item(") > 30


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("size", "ood"), [("paper", False), ("paper", True), ("short", False), ("short", True)])
def test_items_are_what_the_interface_says(task: str, size: str, ood: bool) -> None:
    generator = import_module(f"recipes.timeomni1.tasks.{task}.questions")
    assert task == generator.NAME
    for item in items(task, size, ood, 24):
        assert isinstance(item, Item) and item.task == task and item.level in (1, 2, 3) and item.domain
        assert set(item.shortcuts) == set(generator.CEILINGS)
        if task == "forecasting":
            assert item.options == () and isinstance(item.answer, tuple)
            assert all(len(forecast) == len(item.answer) for forecast in (item.oracle, *item.shortcuts.values()))
            continue
        letters = "ABCD"[: len(item.options)]
        assert item.answer in letters and len(set(item.options)) == len(item.options)
        assert all(answer in letters for answer in item.shortcuts.values())
        assert all(f"{letter}. {text}" in item.question for letter, text in zip(letters, item.options, strict=True))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", ["paper", "short"])
def test_domains_out_of_distribution_are_held_out(task: str, size: str) -> None:
    inside, outside = ({item.domain for item in items(task, size, ood, 24)} for ood in (False, True))
    assert not inside & outside


@pytest.mark.parametrize("task", TASKS)
def test_steps_have_four_wordings_and_no_number_of_their_own(task: str) -> None:
    steps = import_module(f"recipes.timeomni1.tasks.{task}.steps").STEPS
    assert len(steps) >= 5
    for phrasings in steps.values():
        assert len(set(phrasings)) >= 4
        assert not any(re.search(r"\d", fixed_text(phrasing)) for phrasing in phrasings)


@pytest.mark.parametrize("task", TASKS)
def test_paper_rationales_are_of_the_published_length(task: str) -> None:
    """150 to 450 tokens, at about two and a half characters each in text that is half numbers."""
    lengths = sorted(len(item.rationale) for item in items(task, "paper", False, 24))
    assert 300 < lengths[len(lengths) // 2] < 1200
