"""Draws questions until every label and every letter has its quota; what it took is counted.

Seeds of different splits and tasks never meet, and nothing depends on the process or on what was drawn before.
"""

from __future__ import annotations

import importlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.prompts import question
from recipes.timeomni1.settings import SPLITS, TASKS
from src.errors import DataError

_SPAN = 10_000_000  # seeds of one split and task
_PATIENCE = 2_000  # draws for one row

CountTokens = Callable[[str], int]


@dataclass
class Collected:
    """The accepted questions of one split and task, with the seed of each, and how they came about.

    Args:
        drawn, accepted, kept: draws, proven questions and rows, per label.
        prompt_tokens: of the kept ones.
        too_long: those dropped for the length of their prompts.
    """

    task: str
    split: str
    items: list[Item] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    drawn: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    prompt_tokens: list[int] = field(default_factory=list)
    too_long: int = 0


def generator(task: str) -> Any:
    """The module of a task (``recipes.timeomni1.item.Generator``); DataError when there is none."""
    if task not in TASKS:
        raise DataError(f"unknown task '{task}': choose from {', '.join(TASKS)}")
    try:
        return importlib.import_module(f"recipes.timeomni1.tasks.{task}.questions")
    except ModuleNotFoundError as error:
        raise DataError(f"task '{task}' cannot be loaded ({error}): leave it out of dataset.tasks") from None


def first_seed(base: int, split: str, task: str) -> int:
    """Where the seeds of a split and task begin."""
    return ((base * len(SPLITS) + SPLITS.index(split)) * len(TASKS) + TASKS.index(task)) * _SPAN


def collect(
    task: str,
    split: str,
    rows: int,
    *,
    seed: int,
    size: Size,
    count_tokens: CountTokens,
    limit: int | None,
    **options: Any,
) -> Collected:
    """Draw ``rows`` questions.

    Args:
        limit: prompts with more tokens are dropped, and not drawn again.
        options: what the task's generator takes beside.

    Raises:
        DataError: the generator accepts almost nothing, or hands out a question that is not one.
    """
    source = generator(task)
    labels: Sequence[str | None] = source.LABELS or (None,)
    found = Collected(task, split)
    letters: Counter[str] = Counter()
    start = first_seed(seed, split, task)
    number = 0
    for row in range(rows):
        want = labels[row % len(labels)]
        for _ in range(_PATIENCE):
            number += 1
            item = source.draw(start + number, ood=split == "test_ood", size=size, want=want, **options)
            found.drawn[want or "any"] += 1
            if item is None:
                continue
            found.accepted[want or "any"] += 1
            _check(item, start + number)
            # The letter is a permutation's, independent of everything else: a full one is simply drawn again.
            if isinstance(item.answer, str) and letters[item.answer] >= math.ceil(rows / len(item.options)):
                continue
            break
        else:
            raise DataError(
                f"task {task} accepted no question of label {want or 'any'} in {_PATIENCE} draws from seed "
                f"{start + number}: the generator is too strict"
            )
        if isinstance(item.answer, str):
            letters[item.answer] += 1
        tokens = count_tokens("".join(message["content"] for message in question(item)))
        if limit is not None and tokens > limit:
            found.too_long += 1
            continue
        found.kept[want or "any"] += 1
        found.prompt_tokens.append(tokens)
        found.items.append(item)
        found.seeds.append(start + number)
    return found


def _check(item: Item, seed: int) -> None:
    """Refuse a question without a proven answer; the message names the task and the seed."""
    problem = None
    if item.options:
        if len(set(item.options)) < len(item.options):
            problem = "two options are the same"
        elif item.answer not in [chr(ord("A") + place) for place in range(len(item.options))]:
            problem = f"the answer {item.answer!r} is none of its {len(item.options)} options"
        elif item.oracle != item.answer:
            problem = f"the oracle says {item.oracle!r}, the answer is {item.answer!r}"
    elif isinstance(item.answer, str) or not item.answer:
        problem = "there are neither options nor true values"
    elif not len(item.answer) == len(item.oracle) == item.info.get("horizon"):
        problem = f"{len(item.answer)} true values do not match the horizon {item.info.get('horizon')}"
    if problem is not None:
        raise DataError(f"task {item.task}, seed {seed}: {problem}; correct the generator")


def token_counter(folder: str | None) -> CountTokens:
    """Count tokens by the tokenizer.json of ``folder``, or by ``estimate_tokens`` where there is none.

    Raises:
        DataError: the folder has no usable tokenizer.json.
    """
    if folder is None:
        return estimate_tokens
    from tokenizers import Tokenizer

    path = Path(folder).expanduser() / "tokenizer.json"
    try:
        known = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare exceptions of many kinds
        reason = str(error).splitlines()[0]
        raise DataError(f"dataset.tokenizer: {path} cannot be read ({reason}): name a tokenizer's folder") from None
    return lambda text: len(known.encode(text).ids)


def estimate_tokens(text: str) -> int:
    """About as many as Qwen2.5's tokenizer makes: one per digit and punctuation mark, one per four letters or fewer."""
    count = letters = 0
    for character in text:
        if character.isalpha():
            letters += 1
            continue
        count += -(-letters // 4) + (character != " ")
        letters = 0
    return count + -(-letters // 4)
