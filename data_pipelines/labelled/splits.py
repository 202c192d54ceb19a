"""Who is trained on, selected by, and tested on: official splits, and parts that are cut off by class and group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from data_pipelines.labelled.series import Archive, Labelled
from src.errors import DataError

Log = Callable[[str], None]
Places = NDArray[np.intp]


def with_all_splits(archive: Archive, val: float, test: float, seed: int, name: str, log: Log) -> Archive:
    """The archive with ``val`` and ``test`` parts; those that it lacks are cut from the training part.

    Args:
        val, test: their shares.
        log: told what was cut.

    Raises:
        DataError: the training part is too small to be cut.
    """
    parts = dict(archive.parts)
    for split, share in (("test", test), ("val", val)):
        if split in parts:
            continue
        kept, taken, by = cut(parts["train"], share, np.random.default_rng([seed, split == "test"]), name, split)
        log(
            f"dataset {name}: {split} is {len(taken)} of {len(parts['train'])} training series, drawn by {by} "
            f"(dataset.split.{split}={share})"
        )
        parts[split], parts["train"] = parts["train"].take(taken), parts["train"].take(kept)
    return Archive({split: parts[split] for split in ("train", "val", "test")}, archive.channels)


def cut(part: Labelled, share: float, random: np.random.Generator, name: str, split: str) -> tuple[Places, Places, str]:
    """What is kept, what is cut off, and by what it was drawn.

    Whole groups are drawn where each class stands in several; where one recording is all that a class has, its end is
    cut off, so that what is tested lies behind what is trained on.

    Args:
        share: of each class.
        name, split: for messages.

    Raises:
        DataError: no class has two series.
    """
    groups = part.groups or [str(place) for place in range(len(part))]
    of_class: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (label, group) in enumerate(zip(part.labels, groups, strict=True)):
        of_class[label][group].append(place)
    if part.groups is not None and min(map(len, of_class.values())) == 1:
        ends = [_end(sorted(place for group in some.values() for place in group), share) for some in of_class.values()]
        taken, by = [place for end in ends for place in end], "time, the end of each recording"
    elif part.groups is None:
        taken = [
            int(place)
            for some in of_class.values()
            for place in random.permutation([group[0] for group in some.values()])[: _count(len(some), share)]
        ]
        by = "class"
    else:
        taken, by = _whole_groups(part, groups, share, random), "class, whole groups"
    chosen = np.array(sorted(taken), dtype=np.intp)
    if not len(chosen):
        raise DataError(
            f"dataset {name}: no class has two training series, so that no {split} part can be cut off: give more"
        )
    return np.setdiff1d(np.arange(len(part)), chosen), chosen, by


def _count(of: int, share: float) -> int:
    """So many of a class, at least one, and never the last one."""
    return min(of - 1, max(1, round(share * of)))


def _end(places: Sequence[int], share: float) -> list[int]:
    count = _count(len(places), share)
    return list(places[len(places) - count :]) if count else []


def _whole_groups(part: Labelled, groups: Sequence[str], share: float, random: np.random.Generator) -> list[int]:
    """Groups in a random order, as many as bring every class near its share; none that holds all that a class has."""
    members: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[group].append(place)
    names = sorted(set(part.labels))
    number = {name: place for place, name in enumerate(names)}
    held = {
        group: np.bincount([number[part.labels[place]] for place in places], minlength=len(names))
        for group, places in members.items()
    }
    left = np.bincount([number[label] for label in part.labels], minlength=len(names))
    wanted = np.maximum(1, np.round(share * left))
    cut: list[int] = []
    taken = np.zeros(len(names))
    for place in random.permutation(len(held)):
        group = list(held)[int(place)]
        counts = held[group]
        if ((taken < wanted) & (counts > 0)).any() and ((left - counts > 0) | (counts == 0)).all():
            better = np.abs(taken + counts - wanted).sum() <= np.abs(taken - wanted).sum()
            if better or not taken.any():
                taken, left = taken + counts, left - counts
                cut.extend(members[group])
    return cut


def limited(part: Labelled, most: int | None, seed: int) -> Places:
    """The places of at most so many series, drawn with the seed, in their order; each class keeps its share."""
    if most is None or len(part) <= most:
        return np.arange(len(part))
    random = np.random.default_rng(seed)
    waiting = [list(random.permutation(_places(part.labels, name))) for name in sorted(set(part.labels))]
    share = [len(one) * most / len(part) for one in waiting]
    counts = [int(one) for one in share]
    for place in sorted(range(len(share)), key=lambda place: counts[place] - share[place])[: most - sum(counts)]:
        counts[place] += 1
    return np.sort(np.array([place for one, count in zip(waiting, counts, strict=True) for place in one[:count]]))


def balanced(labels: Sequence[str], seed: int) -> Places:
    """Places of training series in which every class stands equally often: series of rarer ones are repeated."""
    names = sorted(set(labels))
    random = np.random.default_rng([seed, 2])
    most = max(len(_places(labels, name)) for name in names)
    chosen = []
    for name in names:
        places = _places(labels, name)
        rounds = [random.permutation(places) for _ in range(-(-most // len(places)))]
        chosen.append(np.concatenate(rounds)[:most])
    return random.permutation(np.concatenate(chosen))


def _places(labels: Sequence[str], name: str) -> Places:
    return np.flatnonzero(np.array(labels) == name)
