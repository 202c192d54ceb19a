"""Who is trained on, selected by and tested on."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipelines.labelled.series import Archive, Labelled
from data_pipelines.labelled.splits import balanced, limited, with_all_splits
from src.errors import DataError


def part(labels: str, groups: str | None = None) -> Labelled:
    """Series whose only value is their number."""
    return Labelled(
        [np.full((1, 2), float(place)) for place in range(len(labels))], list(labels), groups and list(groups)
    )


def split(train: Labelled, test: Labelled | None = None, **shares: float) -> tuple[dict[str, list[int]], list[str]]:
    lines: list[str] = []
    parts = {"train": train} if test is None else {"train": train, "test": test}
    found = with_all_splits(
        Archive(parts), shares.get("val", 0.2), shares.get("test", 0.2), int(shares.get("seed", 0)), "d", lines.append
    )
    return {name: [int(one[0, 0]) for one in some.series] for name, some in found.parts.items()}, lines


def test_the_official_test_part_is_kept_and_val_is_cut_from_training() -> None:
    test = part("ab")
    found, lines = split(part("aaaaabbbbb"), test)
    assert found["test"] == [0, 1] and len(found["val"]) == 2
    assert sorted(found["train"] + found["val"]) == list(range(10))
    assert lines == ["dataset d: val is 2 of 10 training series, drawn by class (dataset.split.val=0.2)"]


def test_a_test_part_is_cut_where_there_is_none() -> None:
    found, lines = split(part("a" * 50 + "b" * 50))
    assert (len(found["train"]), len(found["val"]), len(found["test"])) == (64, 16, 20)
    assert len(lines) == 2 and "test is 20 of 100 training series" in lines[0]


@settings(max_examples=50, deadline=None)
@given(st.text("abc", min_size=6, max_size=40), st.integers(0, 5))
def test_nothing_is_in_two_parts_and_training_keeps_every_class(labels: str, seed: int) -> None:
    if max(Counter(labels).values()) < 4:
        return
    found, _ = split(part(labels), seed=seed)
    places = [place for some in found.values() for place in some]
    assert sorted(places) == list(range(len(labels)))
    assert {labels[place] for place in found["train"]} == set(labels)
    assert found["val"] and found["test"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123456")), min_size=12, max_size=60), st.integers(0, 3)
)
def test_a_group_is_in_one_part(rows: list[tuple[str, str]], seed: int) -> None:
    labels, groups = "".join(label for label, _ in rows), "".join(group for _, group in rows)
    of_class = {name: {group for label, group in rows if label == name} for name in set(labels)}
    if min(map(len, of_class.values())) < 4 or len(of_class) < 2:
        return
    found, lines = split(part(labels, groups), seed=seed)
    parts_of = {group: {name for name, some in found.items() for p in some if groups[p] == group} for group in groups}
    assert all(len(names) == 1 for names in parts_of.values())
    assert {labels[place] for place in found["train"]} == set(labels)
    assert "whole groups" in lines[0]


def test_of_one_recording_for_each_class_the_end_is_cut_off() -> None:
    found, lines = split(part("aaaaaaaaaabbbbbbbbbb", "1" * 10 + "2" * 10))
    assert found["test"] == [8, 9, 18, 19] and found["val"] == [6, 7, 16, 17]
    assert "the end of each recording" in lines[0]


def test_a_training_part_that_cannot_be_cut_is_refused() -> None:
    with pytest.raises(DataError, match="no class has two training series"):
        split(part("ab"), part("ab"))


def test_limits_keep_the_shares_of_classes() -> None:
    labels = [*"a" * 30, *"b" * 10]
    places = limited(part(labels), 8, seed=0)
    assert Counter(labels[place] for place in places) == {"a": 6, "b": 2} and sorted(places) == list(places)
    assert list(limited(part("ab"), None, 0)) == [0, 1]
    assert len(limited(part("aaaaab"), 3, 0)) == 3


def test_balanced_training_repeats_rare_classes() -> None:
    labels = [*"aaaaaaabbb"]
    places = balanced(labels, seed=0)
    assert Counter(labels[place] for place in places) == {"a": 7, "b": 7}
    assert sorted(place for place in places if place < 7) == list(range(7))
    assert set(Counter(int(place) for place in places if place >= 7).values()) <= {2, 3}
