"""What a resume takes out of the record is moved aside; the rest stays byte for byte."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.record.cut import Cut, cut_record


def line(stage: str, step: int, **more: float) -> bytes:
    return (json.dumps({"stage": stage, "step": step, **more}) + "\n").encode()


def nothing(_stage: str, _step: int) -> bool:
    return False


LINES = [line("sft", 1), line("sft", 2), line("rl", 0), line("rl", 1), line("rl", 2, x=1.5), line("rl", 3)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run" / "samples").mkdir(parents=True)
    (tmp_path / "run" / "metrics.jsonl").write_bytes(b"".join(LINES))
    for name in ("rl_1", "rl_2", "rl_3", "other"):
        (tmp_path / "run" / "samples" / f"{name}.jsonl").write_text(name)
    return tmp_path / "run"


def test_steps_after_a_checkpoint_are_moved_aside(run: Path, tmp_path: Path) -> None:
    cut = cut_record(run, lambda stage, step: stage == "rl" and step > 1, tmp_path / "aside")
    assert cut == Cut(lines=2, unreadable=0, sample_files=2)
    assert (run / "metrics.jsonl").read_bytes() == b"".join(LINES[:4])
    assert (tmp_path / "aside" / "metrics.jsonl").read_bytes() == b"".join(LINES[4:])
    assert sorted(path.name for path in (run / "samples").iterdir()) == ["other.jsonl", "rl_1.jsonl"]
    assert sorted(path.read_text() for path in (tmp_path / "aside" / "samples").iterdir()) == ["rl_2", "rl_3"]


def test_a_record_that_is_right_is_left_alone(run: Path, tmp_path: Path) -> None:
    before = (run / "metrics.jsonl").stat()
    assert not cut_record(run, nothing, tmp_path / "aside")
    assert (run / "metrics.jsonl").stat().st_ino == before.st_ino
    assert not (tmp_path / "aside").exists()


def test_a_torn_last_line_is_kept_in_a_file_of_its_own(run: Path, tmp_path: Path) -> None:
    with (run / "metrics.jsonl").open("ab") as file:
        file.write(line("rl", 4)[:9])
    assert cut_record(run, nothing, tmp_path / "aside") == Cut(0, 1, 0)
    assert (run / "metrics.jsonl").read_bytes() == b"".join(LINES)
    assert (tmp_path / "aside" / "unreadable.txt").read_bytes() == line("rl", 4)[:9] + b"\n"


def test_a_last_line_that_lacks_only_its_end_is_completed(run: Path, tmp_path: Path) -> None:
    (run / "metrics.jsonl").write_bytes(b"".join(LINES)[:-1])
    assert not cut_record(run, nothing, tmp_path / "aside")
    assert (run / "metrics.jsonl").read_bytes() == b"".join(LINES)


def test_a_run_without_a_record(tmp_path: Path) -> None:
    assert not cut_record(tmp_path, nothing, tmp_path / "aside")
    assert not (tmp_path / "metrics.jsonl").exists()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(end=st.integers(0, sum(map(len, LINES))), step=st.integers(-1, 4), noise=st.binary(max_size=12))
def test_wherever_it_was_torn_no_byte_is_lost(
    tmp_path_factory: pytest.TempPathFactory, end: int, step: int, noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("run")
    text = b"".join(LINES)[:end] + noise
    (folder / "metrics.jsonl").write_bytes(text)
    cut_record(folder, lambda stage, at: stage == "rl" and at > step, folder / "aside")
    left = (folder / "metrics.jsonl").read_bytes()
    for one in left.splitlines():
        row = json.loads(one)
        assert row["stage"] != "rl" or row["step"] <= step
    files = [folder / "aside" / name for name in ("metrics.jsonl", "unreadable.txt")]
    found = left + b"".join(path.read_bytes() for path in files if path.exists())
    assert sorted(found.split()) == sorted(text.split())
