"""Archives are found in folders, or beside each other."""

from pathlib import Path
from typing import Any

import pytest
from labelled_archives import BASE, waves, write_arff, write_csv

from data_pipelines.labelled.locate import find, load
from data_pipelines.labelled.settings import LabelledSettings, read_settings
from src.config.group import compose_group
from src.errors import DataError

LABELS = ["1", "2", "1", "2"]


def settings(**keys: Any) -> LabelledSettings:
    return read_settings({**BASE, **keys})


def test_an_archive_may_lie_deeper_in_the_folder(tmp_path: Path) -> None:
    deep = tmp_path / "Univariate" / "Computers"
    deep.mkdir(parents=True)
    for split in ("TRAIN", "TEST"):
        write_arff(deep / f"Computers_{split}.arff", waves(4), LABELS)
    (deep / "Computers_TRAIN.md").write_text("words")
    cfg = compose_group("dataset", "ctu", [f"dataset.folder={tmp_path}"])
    find(read_settings(cfg))
    archive, _ = load(read_settings(cfg))
    assert {split: len(part) for split, part in archive.parts.items()} == {"train": 4, "test": 4}
    (deep / "Computers_TEST.arff").unlink()
    hint = r"add download=true \(a run: launch.download=true\) to fetch it from UCR"
    with pytest.raises(DataError, match=rf"Computers_TEST\.\* is not in .* {hint}"):
        find(read_settings(cfg))


def test_a_users_test_part_lies_beside_the_training_part(tmp_path: Path) -> None:
    train = write_arff(tmp_path / "My_TRAIN.arff", waves(4), LABELS)
    assert list(load(settings(path=str(train)))[0].parts) == ["train"]
    write_arff(tmp_path / "My_TEST.arff", waves(2), ["1", "2"])
    lines: list[str] = []
    assert list(load(settings(path=str(train)), log=lines.append)[0].parts) == ["train", "test"]
    assert "which lies beside the training part" in lines[0]
    other = write_csv(tmp_path / "other.csv", waves(2), ["1", "2"])
    found = load(settings(path=str(train), test_path=str(other)))[0]
    assert len(found.parts["test"]) == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "needs a file: set dataset.path=FILE, a CSV with a column of labels"),
        ({"path": "none.csv"}, "none.csv is not a file: check the path"),
        ({"reader": "sheet"}, "dataset.reader is 'sheet': set it to pyts, ucr, har, records, clips, file"),
        ({"reader": "har", "files": {"root": "activity_labels.txt"}, "folder": "none"}, "name its folder with"),
    ],
)
def test_files_that_are_not_there_are_refused_before_anything_starts(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        find(settings(**keys))
