"""Who is trained on and tested on: official parts, parts that are cut off, and how often each answer is right."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from data_pipelines.labelled.series import SPLITS, Labelled
from data_pipelines.labelled.splits import balanced, cut, limited
from recipes.artist.public.settings import PublicSettings
from recipes.artist.question import Question

Log = Callable[[str], None]
Parts = Mapping[str, Sequence[Question]]


def answers(questions: Sequence[Question]) -> list[str]:
    """What is right in each: the option's text where all questions have the same options, else its letter."""
    same = len({tuple(one.options.values()) for one in questions}) == 1
    return [one.options[one.truth] if same else one.truth for one in questions]


def arranged(parts: Parts, settings: PublicSettings, seed: int, name: str, log: Log) -> dict[str, list[Question]]:
    """All three parts, as they are trained on and scored.

    Args:
        parts: as they are published; what is missing is cut off training, questions about one series together.
        log: told what was cut off, and which series stand in several parts.

    Raises:
        DataError: training is too small to be cut.
    """
    found = {split: list(some) for split, some in parts.items()}
    for split, share in (("test", settings.split.test), ("val", settings.split.val)):
        if split not in found:
            whole = found["train"]
            kept, taken, by = cut(_labelled(whole), share, np.random.default_rng([seed, split == "test"]), name, split)
            found[split], found["train"] = [whole[place] for place in taken], [whole[place] for place in kept]
            log(
                f"dataset {name}: {split} is {len(taken)} of {len(whole)} training questions, drawn by {by} "
                f"(dataset.split.{split}={share})"
            )
    most = settings.max_rows
    for split, limit in (("train", most.train), ("val", most.val), ("test", most.test)):
        found[split] = [found[split][place] for place in limited(_labelled(found[split]), limit, seed)]
    trained = {_mark(one) for one in found["train"]}
    for split in ("val", "test"):
        if count := sum(_mark(one) in trained for one in found[split]):
            log(f"dataset {name}: {count} of {len(found[split])} {split} questions are about series of training")
    train = found["train"]
    shuffled = np.random.default_rng([seed, 1]).permutation(len(train))
    places = balanced(answers(train), seed) if settings.balanced else shuffled
    return {**{split: found[split] for split in SPLITS}, "train": [train[place] for place in places]}


def balance(parts: Parts) -> dict[str, dict[str, int]]:
    """How many questions of each part have which answer."""
    return {split: dict(sorted(Counter(answers(some)).items())) for split, some in parts.items()}


def _labelled(questions: Sequence[Question]) -> Labelled:
    """As labelled series; a group is what shares one series, where some do."""
    marks = [_mark(one) for one in questions]
    groups = marks if len(set(marks)) < len(marks) else None
    return Labelled([one.series for one in questions], answers(questions), groups)


def _mark(question: Question) -> str:
    """The same for questions about the same series."""
    return hashlib.blake2b(np.ascontiguousarray(question.series).data, digest_size=16).hexdigest()
