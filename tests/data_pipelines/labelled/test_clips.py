"""Audio clips, made with the standard library."""

import wave
from pathlib import Path

import numpy as np
import pytest

from data_pipelines.labelled import clips
from src.errors import DataError

SOUND = np.sin(np.linspace(0, 100, 800)) / 2

pytest.importorskip("soundfile", reason="soundfile reads audio")


def write(path: Path, rate: int = 2000, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(np.round(SOUND * 32767).astype("<i2"), channels).tobytes())


def test_a_table_names_clips_below_its_folder(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / "train" / f"train{number}.wav", channels=number)
    (tmp_path / "train.csv").write_text("clip_name,label\ntrain2.wav,1\ntrain1.wav,0\n")
    part = clips.read(tmp_path / "train.csv", 2000, print).parts["train"]
    assert list(part.labels) == ["1", "0"]
    for one in part.series:
        np.testing.assert_allclose(one[0], SOUND, atol=1e-4)


def test_folders_name_the_class_and_another_rate_is_said(tmp_path: Path) -> None:
    write(tmp_path / "NoWhale" / "a.wav")
    write(tmp_path / "RightWhale" / "b.wav", rate=4000)
    lines: list[str] = []
    part = clips.read(tmp_path, 2000, lines.append).parts["train"]
    assert list(part.labels) == ["NoWhale", "RightWhale"]
    assert [one.shape[1] for one in part.series] == [800, 400]
    assert lines == ["b.wav: resampled from 4000 to 2000 samples a second"]


def test_a_missing_or_broken_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("clip_name,label\na.wav,1\n")
    with pytest.raises(DataError, match=r"train.csv line 2: a.wav is not below"):
        clips.read(tmp_path / "train.csv", None, print)
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(DataError, match=r"a.wav cannot be read as audio"):
        clips.read(tmp_path / "train.csv", None, print)
    (tmp_path / "train.csv").write_text("clip_name,label\n")
    with pytest.raises(DataError, match="names no clips"):
        clips.read(tmp_path / "train.csv", None, print)
