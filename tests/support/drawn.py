"""Builds a few items of a generator, as a build does it, for the tests of this folder."""

from collections import Counter
from functools import cache
from importlib import import_module

from recipes.timeomni1.item import Item, Size


@cache
def items(task: str, size: str, ood: bool, count: int) -> tuple[Item, ...]:
    """``count`` accepted items of a task; where labels have quotas, in equal parts."""
    generator = import_module(f"recipes.timeomni1.tasks.{task}.questions")
    labels = generator.LABELS or (None,)
    got: Counter[str | None] = Counter()
    found: list[Item] = []
    seed = 1_000_000
    while len(found) < count:
        want = min(labels, key=lambda label: got[label])
        item = generator.draw(seed, ood=ood, size=Size(size), want=want)
        seed += 1
        if item is not None:
            got[want] += 1
            found.append(item)
    return tuple(found)


def accuracy(found: tuple[Item, ...], shortcut: str) -> float:
    return sum(item.shortcuts[shortcut] == item.answer for item in found) / len(found)


def swap_options(item: Item) -> tuple[str, str]:
    """The question with its options in reverse, and the letter that is now right."""
    shown, swapped = (
        "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", options, strict=False))
        for options in (item.options, item.options[::-1])
    )
    assert shown in item.question
    last = len(item.options) - 1
    return item.question.replace(shown, swapped), "ABCD"[last - "ABCD".index(str(item.answer))]
