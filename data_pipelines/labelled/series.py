"""Labelled series in memory, as every reader gives them, and what makes an archive unusable."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import DataError

Floats = NDArray[np.float64]
SPLITS = ("train", "val", "test")
_WHOLE = re.compile(r"[+-]?\d+\.0*(?:[eE][+]?0+)?|[+-]?\d(?:\.\d*)?[eE][+]?\d+")


@dataclass(frozen=True)
class Labelled:
    """N series, each (C, L) with NaN where a value is missing, and what each is.

    Args:
        groups: what series depend on each other by (the recording that they are cut from, the person); None: each
            stands alone.
    """

    series: Sequence[Floats]
    labels: Sequence[str]
    groups: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.series)

    def take(self, places: Sequence[int] | NDArray[np.intp]) -> Labelled:
        """Some of the series."""
        groups = None if self.groups is None else [self.groups[place] for place in places]
        return Labelled([self.series[place] for place in places], [self.labels[place] for place in places], groups)


@dataclass(frozen=True)
class Archive:
    """What a reader found.

    Args:
        parts: by split, as the archive has them; one without ``test`` has no official one.
        channels: names, (C,); empty where the archive names none.
    """

    parts: Mapping[str, Labelled]
    channels: Sequence[str] = ()

    def digest(self) -> str:
        """The sha256 of the content: channels, labels, groups and exact values."""
        checksum = hashlib.sha256("\n".join(self.channels).encode())
        for split, part in self.parts.items():
            checksum.update(f"\n{split}\n{list(part.labels)}\n{part.groups and list(part.groups)}".encode())
            for one in part.series:
                checksum.update(f"{one.shape}".encode() + one.astype("<f8").tobytes())
        return checksum.hexdigest()


def plain_label(text: str) -> str:
    """A label as people write it: without white space and quotes around, and ``2.0000e+00`` as ``2``."""
    bare = text.strip().strip("'\"").strip()
    return str(int(float(bare))) if _WHOLE.fullmatch(bare) else bare


def names_of(given: Any) -> dict[str, str] | None:
    """``dataset.classes`` as label -> name; None: labels are names.

    Raises:
        DataError: it is no mapping.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given:
        raise DataError("dataset.classes is no mapping: write it as dataset.classes={LABEL: NAME, ...}, or null")
    return {plain_label(str(label)): str(name) for label, name in given.items()}


def named(archive: Archive, names: Mapping[str, str] | None, where: str) -> Archive:
    """The archive with names of classes for its labels; the order in which a file lists them plays no part.

    Args:
        names: label -> name, None: labels are names.
        where: the file or folder, for messages.

    Raises:
        DataError: a label without a name.
    """
    if names is None:
        return archive
    known = {label.casefold(): name for label, name in names.items()}
    known |= {name.casefold(): name for name in names.values() if name.casefold() not in known}
    found = {label for part in archive.parts.values() for label in part.labels}
    if unknown := sorted(label for label in found if label.casefold() not in known):
        raise DataError(
            f"{where} holds the label '{unknown[0]}', and dataset.classes has no name for it (it has "
            f"{', '.join(names)}): add it to dataset.classes"
        )
    parts = {
        split: Labelled(part.series, [known[label.casefold()] for label in part.labels], part.groups)
        for split, part in archive.parts.items()
    }
    return Archive(parts, archive.channels)


def check(archive: Archive, where: str) -> None:
    """Refuse what no classifier can be trained or judged on.

    Raises:
        DataError: a part without series, a single class, a class that training lacks, classes that only differ in
            case or underscores, or series of different channels.
    """
    for split, part in archive.parts.items():
        if not len(part):
            raise DataError(f"{where} holds no series in its {split} part: give another file")
    train = Counter(archive.parts["train"].labels)
    for split, part in archive.parts.items():
        for label, count in Counter(part.labels).items():
            if label not in train:
                raise DataError(
                    f"{where}: the class '{label}' is in {split} only ({count} series), so that it cannot be learned: "
                    f"remove its series, or move some of them to the training part"
                )
    if len(train) < 2:
        raise DataError(f"{where} holds one class only, '{next(iter(train))}': there is nothing to tell apart")
    alike: dict[str, str] = {}
    for label in train:
        if (other := alike.setdefault(" ".join(label.replace("_", " ").split()).lower(), label)) != label:
            raise DataError(
                f"{where}: the classes '{other}' and '{label}' cannot be told apart in an answer: rename one"
            )
    counts = Counter(len(one) for part in archive.parts.values() for one in part.series)
    if len(counts) > 1:
        raise DataError(f"{where}: series have {_listed(counts)} channels: all need the same")
    if archive.channels and len(archive.channels) != next(iter(counts)):
        raise DataError(
            f"{where}: series have {next(iter(counts))} channels, and {len(archive.channels)} names are given "
            f"({', '.join(archive.channels)}): correct dataset.channel_names"
        )


def _listed(counts: Mapping[int, int]) -> str:
    return " or ".join(map(str, sorted(counts)))


def classes_of(archive: Archive, names: Mapping[str, str] | None) -> list[str]:
    """The classes in the order of ``dataset.classes``, or of their names; those that no series has are left out."""
    found = set(archive.parts["train"].labels)
    return [name for name in dict.fromkeys(names.values()) if name in found] if names is not None else sorted(found)


def balance(labels: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    """How many series each class has."""
    counts = Counter(labels)
    return {name: counts[name] for name in classes}
