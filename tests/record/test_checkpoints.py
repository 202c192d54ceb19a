"""A checkpoint counts when its manifest is there and its files agree with it; nothing that is broken is deleted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.record import checkpoints as checkpoint

ROOT = Path(__file__).resolve().parents[2]
FILES = {"model.pt": b"weights" * 100, "data.pt": b"order", "huggingface/config.json": b"{}",
         "huggingface/model.safetensors": b"more weights"}  # fmt: skip


def save(stage: Path, step: int, *, sealed: bool = True, last: bool = False) -> Path:
    folder = stage / f"global_step_{step}"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if sealed:
        checkpoint.seal(folder, step, last)
    return folder


def test_a_sealed_checkpoint_is_found_with_its_export(tmp_path: Path) -> None:
    save(tmp_path, 2)
    save(tmp_path, 10, last=True)
    found = checkpoint.newest(tmp_path)
    assert found is not None
    assert (found.step, found.last, found.model) == (10, True, tmp_path / "global_step_10" / "huggingface")
    assert [one.step for one in checkpoint.complete(tmp_path)] == [2, 10]


def test_no_folder_holds_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path / "none") is None
    assert checkpoint.set_aside_unusable(tmp_path / "none") == []


def test_an_unfinished_one_does_not_count_and_is_set_aside(tmp_path: Path) -> None:
    save(tmp_path, 2)
    save(tmp_path, 4, sealed=False)
    assert checkpoint.newest(tmp_path).step == 2  # type: ignore[union-attr]
    (sentence,) = checkpoint.set_aside_unusable(tmp_path)
    assert sentence.startswith("checkpoint global_step_4 cannot be used, it was not finished")
    (aside,) = tmp_path.glob("global_step_4.unfinished-*")
    assert (aside / "model.pt").read_bytes() == FILES["model.pt"]
    assert not (tmp_path / "global_step_4").exists()
    assert checkpoint.damaged(tmp_path) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(sorted(FILES)), change=st.sampled_from(["shorter", "longer", "flipped", "gone"]),
       place=st.integers(0, 10**6))  # fmt: skip
def test_any_damage_is_noticed(tmp_path_factory: pytest.TempPathFactory, name: str, change: str, place: int) -> None:
    stage = tmp_path_factory.mktemp("stage")
    save(stage, 1)
    path = save(stage, 3) / name
    content = bytearray(path.read_bytes())
    if change == "gone":
        path.unlink()
    elif change == "shorter":
        path.write_bytes(content[: place % len(content)])
    elif change == "longer":
        path.write_bytes(content + b"x")
    else:
        content[place % len(content)] ^= 1
        path.write_bytes(content)
    assert name in str(checkpoint.problem(stage / "global_step_3"))
    assert checkpoint.newest(stage).step == 1  # type: ignore[union-attr]
    checkpoint.set_aside_unusable(stage)
    assert len(checkpoint.damaged(stage)) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"step": 3}', '{"step": "x", "files": {}}', '{"step": 4, "files": {}}']
)
def test_a_manifest_that_cannot_be_read_is_damage(tmp_path: Path, text: str) -> None:
    folder = save(tmp_path, 3)
    (folder / checkpoint.MANIFEST).write_text(text)
    assert checkpoint.problem(folder) is not None


def test_large_files_are_compared_by_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "HASHED_BYTES", 100)
    folder = save(tmp_path, 1)
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())
    assert manifest["files"]["model.pt"] == {"bytes": 700}
    assert set(manifest["files"]["data.pt"]) == {"bytes", "sha256"}
    (folder / "model.pt").write_bytes(b"x" * 699)
    assert checkpoint.problem(folder) == "model.pt has 699 bytes instead of 700"


def test_rotation_keeps_the_newest_and_what_was_set_aside(tmp_path: Path) -> None:
    for step in (1, 2, 3, 10):
        save(tmp_path, step)
    save(tmp_path, 4, sealed=False)
    (tmp_path / "global_step_2.damaged-x").mkdir()
    checkpoint.rotate(tmp_path, None)
    assert [one.step for one in checkpoint.complete(tmp_path)] == [1, 2, 3, 10]
    checkpoint.rotate(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "global_step_10", "global_step_2.damaged-x", "global_step_3", "global_step_4",
    ]  # fmt: skip
    checkpoint.rotate(tmp_path, 0)
    assert [one.step for one in checkpoint.complete(tmp_path)] == [10]


def test_a_removal_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    save(tmp_path, 3)
    save(tmp_path, 1).rename(tmp_path / "global_step_1.removing")
    checkpoint.set_aside_unusable(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["global_step_3"]


def test_unsealing_makes_room_for_another_save(tmp_path: Path) -> None:
    folder = save(tmp_path, 3)
    checkpoint.unseal(folder)
    checkpoint.unseal(folder)
    assert checkpoint.newest(tmp_path) is None


def test_a_fingerprint_follows_names_and_content(tmp_path: Path) -> None:
    first = checkpoint.fingerprint(save(tmp_path / "a", 1, sealed=False))
    assert checkpoint.fingerprint(save(tmp_path / "b", 1)) == first  # the manifest is not part of it
    (tmp_path / "b" / "global_step_1" / "data.pt").write_bytes(b"other")
    assert checkpoint.fingerprint(tmp_path / "b" / "global_step_1") != first


def test_a_full_disk_seals_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path, 1, sealed=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.seal(folder, 1, last=False)
    assert checkpoint.problem(folder) == "it was not finished: there is no manifest"


def test_the_module_needs_no_torch() -> None:
    code = "import sys, src.record.checkpoints; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
