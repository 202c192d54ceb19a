"""Single rows of a built file: the right ones, with their pictures, from any group of rows."""

from pathlib import Path

import pytest

from src.tasks import build
from src.tasks.row import Row
from src.tasks.stored import has_images, places, rows_at, truths


def _row(index: int, *images: bytes) -> Row:
    source = ("even", "odd")[index % 2]
    message = {"role": "user", "content": "<image>" * len(images)}
    return Row(source, "", "val", index, [message], f"class {index % 3}", {}, images)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "_GROUP", 4)
    path = tmp_path / "val.parquet"
    build.write_rows([_row(index, *([b"%d" % index] * (index % 3))) for index in range(10)], path)
    return path


def test_rows_come_in_the_order_asked_for(file: Path) -> None:
    rows = rows_at(file, [9, 1, 4, 1])
    assert [row.index for row in rows] == [9, 1, 4, 1]
    assert [row.images for row in rows] == [(), (b"1",), (b"4",), (b"1",)]
    assert rows[2] == _row(4, b"4")
    assert rows_at(file, []) == []


def test_where_a_question_stands_and_what_is_right(file: Path) -> None:
    assert places(file)["odd", 7] == 7
    assert len(places(file)) == 10
    assert truths(file)[:4] == ['"class 0"', '"class 1"', '"class 2"', '"class 0"']


def test_files_without_pictures_say_so(file: Path, tmp_path: Path) -> None:
    assert has_images(file)
    build.write_rows([_row(0)], tmp_path / "text.parquet")
    assert not has_images(tmp_path / "text.parquet")
    assert rows_at(tmp_path / "text.parquet", [0])[0].images == ()
