"""A run's folder and the files in it."""

import json
from pathlib import Path

import pytest

from src.errors import UserError
from src.record.run import Run, append_line, read_lines, run_folder, set_aside, whole_file, write_json


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


def test_lines_are_appended_and_numbers_that_json_lacks_are_null(tmp_path: Path) -> None:
    append_line(tmp_path / "m.jsonl", {"step": 1, "x": float("nan")})
    append_line(tmp_path / "m.jsonl", {"step": 2, "x": float("inf"), "y": 0.5})
    assert read_lines(tmp_path / "m.jsonl") == [{"step": 1, "x": None}, {"step": 2, "x": None, "y": 0.5}]
    assert read_lines(tmp_path / "none.jsonl") == []


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1})
    circle: list = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        write_json(tmp_path / "a.json", circle)
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_what_is_set_aside_in_the_same_second_gets_names_of_its_own(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "file").write_text(text)
        set_aside(tmp_path / "x", "before")
    assert sorted(path.read_text() for path in tmp_path.glob("x.before-*/file")) == ["one", "three", "two"]


def test_a_run_that_was_set_aside_is_new(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.start({"seed": 1})
    assert Run(tmp_path / "run").record == {"seed": 1}
    aside = run.set_aside()
    assert Run(aside).record == {"seed": 1}
    assert Run(tmp_path / "run").record == {} and run.record == {}


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "table.bin"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="half"), whole_file(path) as partial:
        partial.write_bytes(b"ne")
        raise RuntimeError("half way")
    assert path.read_bytes() == b"old"
    with whole_file(path) as partial:
        partial.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
