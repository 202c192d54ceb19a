"""Rows of published files, with their places."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recipes.artist.public.files import rows_of
from src.errors import DataError

ROWS = [{"a": "1", "b": "x\ny"}, {"a": "2", "b": 'q"q'}]


def test_csv_rows_are_named_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text('a,b\n1,"x\ny"\n2,"q""q"\n')
    assert list(rows_of(path)) == [("line 2", ROWS[0]), ("line 4", ROWS[1])]


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text(f'a\n"{"1," * 200_000}"\n')
    assert len(next(rows_of(path))[1]["a"]) == 400_000


def test_json_lines_and_lists_are_read(tmp_path: Path) -> None:
    lines, whole = tmp_path / "lines.json", tmp_path / "list.json"
    lines.write_text("\n".join(["", *map(json.dumps, ROWS)]))
    whole.write_text(json.dumps(ROWS, indent=1))
    assert list(rows_of(lines)) == [("line 2", ROWS[0]), ("line 3", ROWS[1])]
    assert list(rows_of(whole)) == [("row 1", ROWS[0]), ("row 2", ROWS[1])]


def test_parquet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    assert list(rows_of(path)) == [("row 1", ROWS[0]), ("row 2", ROWS[1])]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.json", b'{"a": 1}\n{"a": ', "line 2 is no JSON"),
        ("x.json", b'[{"a": 1}, 2]', "row 2 is no JSON object"),
        ("x.json", b"[1, 2", "Expecting"),
        ("x.json", b"\xff\xfe", "codec"),
        ("x.parquet", b"PAR1nothing", "arquet"),
        ("x.csv", b'a\n"open', "unexpected end of data"),
    ],
)
def test_a_broken_file_is_one_message(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{name} cannot be read \(.*{reason}.*: get the file again"):
        list(rows_of(path))
