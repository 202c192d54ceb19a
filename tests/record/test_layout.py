"""The names of a run's folder and of the files in it."""

from pathlib import Path

import pytest

from src.errors import UserError
from src.record.layout import Layout, SampleFile, checkpoint_folder, checkpoint_folders, run_folder


def test_a_named_run_has_its_folder(tmp_path: Path) -> None:
    assert run_folder(tmp_path, "first.2_b-c") == tmp_path / "first.2_b-c"


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "with space"])
def test_a_name_that_is_no_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"run\.name="):
        run_folder(tmp_path, name)


def test_a_run_without_a_name_is_a_new_one(tmp_path: Path) -> None:
    folders = []
    for _ in range(3):
        folders.append(run_folder(tmp_path, None))
        folders[-1].mkdir()
    assert len(set(folders)) == 3


def test_sample_files_are_told_by_stage_and_step(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.samples.mkdir()
    for stage, step in (("rl", 10), ("rl", 9), ("round_2", 1), ("sft", 0)):
        layout.sample_file(stage, step).touch()
    for other in ("notes.jsonl", "rl_x.jsonl", ".rl_3.jsonl.77", "rl_3.json"):
        (layout.samples / other).touch()
    assert [file[:2] for file in layout.sample_files()] == [("rl", 9), ("rl", 10), ("round_2", 1), ("sft", 0)]
    assert layout.sample_files()[2] == SampleFile("round_2", 1, tmp_path / "samples" / "round_2_1.jsonl")


def test_checkpoints_are_told_by_step(tmp_path: Path) -> None:
    for step in (10, 9, 100):
        checkpoint_folder(tmp_path, step).mkdir()
    for other in ("global_step_3.damaged-20260101-000000", "global_step_4.removing", "latest"):
        (tmp_path / other).mkdir()
    assert checkpoint_folders(tmp_path) == [
        (9, tmp_path / "global_step_9"),
        (10, tmp_path / "global_step_10"),
        (100, tmp_path / "global_step_100"),
    ]


def test_what_a_launch_cuts_never_meets_an_earlier_cut(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for name in ("2", "2a", "2aa"):
        assert layout.cut(2) == tmp_path / "cut" / name
        layout.cut(2).mkdir(parents=True)
