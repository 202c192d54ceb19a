"""Files that appear whole or not at all."""

import json
from pathlib import Path

import pytest

from src.errors import UserError
from src.record.files import read_json, set_aside, write_json, write_whole


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1})
    circle: list = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        write_json(tmp_path / "a.json", circle)
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "table.bin"
    path.write_bytes(b"old")

    def fail(partial: Path) -> None:
        partial.write_bytes(b"ne")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half"):
        write_whole(path, fail)
    assert path.read_bytes() == b"old"
    write_whole(path, lambda partial: partial.write_bytes(b"new"))
    assert path.read_bytes() == b"new"
    write_whole(path, b"newer", sync=True)
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_set_aside_in_the_same_second_gets_names_of_its_own(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "file").write_text(text)
        set_aside(tmp_path / "x", "before")
    assert sorted(path.read_text() for path in tmp_path.glob("x.before-*/file")) == ["one", "three", "two"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file"), ("{", "is not valid JSON"), ("[]", "does not hold a JSON object")],
)
def test_a_file_that_is_no_object_is_one_clear_error(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(UserError, match=message):
        read_json(tmp_path / "a.json")
