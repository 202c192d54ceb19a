"""Labels become names of classes, and archives that nothing can be learned from are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipelines.labelled.series import Archive, Labelled, check, classes_of, named, names_of, plain_label
from src.errors import DataError


def archive(train: str, test: str = "ab", channels: int = 1) -> Archive:
    parts = {
        split: Labelled([np.zeros((channels, 4)) for _ in labels], list(labels))
        for split, labels in (("train", train), ("test", test))
    }
    return Archive(parts)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1", "1"), (" 2.0000000e+00", "2"), ("-1.0", "-1"), ("1.0", "1"), ("'Standing'", "Standing"), ("1.5", "1.5"),
        ("1e2", "100"), ("N", "N"), ("~", "~"), ("01", "01"),
    ],
)  # fmt: skip
def test_a_label_is_what_people_write(text: str, label: str) -> None:
    assert plain_label(text) == label


@given(st.text(max_size=12))
def test_a_plain_label_is_plain(text: str) -> None:
    assert plain_label(plain_label(text).strip()) is not None


def test_names_are_given_by_name_and_never_by_number() -> None:
    names = names_of({2: "Point", "1": "Gun-Draw"})
    found = named(archive("1221", "21"), names, "here")
    assert found.parts["train"].labels == ["Gun-Draw", "Point", "Point", "Gun-Draw"]
    assert classes_of(found, names) == ["Point", "Gun-Draw"]
    already = named(Archive({"train": Labelled([], ["gun-draw"])}), names, "here")
    assert already.parts["train"].labels == ["Gun-Draw"]


def test_labels_are_names_where_none_are_given() -> None:
    assert classes_of(named(archive("ba"), None, "here"), None) == ["a", "b"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (archive("aab", "abc"), "here: the class 'c' is in test only .1 series., .* cannot be learned"),
        (archive("aaa", "a"), "here holds one class only, 'a'"),
        (archive("ab", ""), "here holds no series in its test part"),
        (Archive({"train": Labelled([np.zeros((1, 2)), np.zeros((2, 2))], ["a", "b"])}), "1 or 2 channels"),
        (Archive(archive("ab").parts, ["x", "y"]), "1 channels, and 2 names are given"),
        (
            Archive({"train": Labelled([np.zeros((1, 2))] * 2, ["walk_up", "Walk up"])}),
            "cannot be told apart in an answer",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused_in_one_sentence(found: Archive, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        check(found, "here")
    assert "\n" not in str(caught.value)


def test_a_label_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match=r"here holds the label '3', and dataset.classes has no name for it"):
        named(archive("123"), {"1": "a", "2": "b"}, "here")
    with pytest.raises(DataError, match=r"dataset.classes=\{LABEL: NAME"):
        names_of(["a"])


def test_the_digest_holds_values_labels_groups_and_channels() -> None:
    one = Labelled([np.zeros((1, 3))], ["a"])
    others = [
        Labelled([np.ones((1, 3))], ["a"]),
        Labelled([np.zeros((1, 3))], ["b"]),
        Labelled([np.zeros((1, 3))], ["a"], ["g"]),
        Labelled([np.zeros((3, 1))], ["a"]),
    ]
    digests = {Archive({"train": part}).digest() for part in (one, *others)} | {Archive({"train": one}, ["x"]).digest()}
    assert len(digests) == 6
