"""JSON lines, appended, read and followed."""

from pathlib import Path

import pytest

from src.record.lines import Tail, append_line, read_lines, readable_lines


def test_lines_are_appended_and_numbers_that_json_lacks_are_null(tmp_path: Path) -> None:
    append_line(tmp_path / "m.jsonl", {"step": 1, "x": float("nan")})
    append_line(tmp_path / "m.jsonl", {"step": 2, "x": float("inf"), "y": 0.5})
    assert read_lines(tmp_path / "m.jsonl") == [{"step": 1, "x": None}, {"step": 2, "x": None, "y": 0.5}]
    assert read_lines(tmp_path / "none.jsonl") == []


def test_what_is_torn_is_left_out_by_the_one_reader_and_an_error_of_the_other(tmp_path: Path) -> None:
    file = tmp_path / "m.jsonl"
    file.write_bytes(b'{"step": 1}\noops\n[1]\n\n\xff\n{"step": 2}\n{"st')
    notes: list[str] = []
    assert list(readable_lines(file, notes)) == [{"step": 1}, {"step": 2}]
    assert notes == [
        "The last line of m.jsonl (line 7) is torn: the run stopped while writing. It is left out.",
        "3 line(s) of m.jsonl are not JSON objects and are left out: line 2, 3, 5.",
    ]
    with pytest.raises(ValueError):
        read_lines(file)


def test_a_last_line_that_is_whole_but_for_its_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(b'{"step": 1}\n{"step": 2}')
    notes: list[str] = []
    assert list(readable_lines(tmp_path / "m.jsonl", notes)) == [{"step": 1}, {"step": 2}]
    assert notes == []


def test_a_tail_hands_out_whole_lines_once(tmp_path: Path) -> None:
    file = tmp_path / "log"
    tail = Tail(file)
    assert tail.read() == []  # there is no file yet
    file.write_bytes(b"one\ntw")
    assert (tail.read(), tail.rest, tail.offset) == ([b"one"], b"tw", 4)
    with file.open("ab") as appended:
        appended.write(b"o\nthree\n")
    assert (tail.read(), tail.rest, tail.offset) == ([b"two", b"three"], b"", 14)
    assert tail.read() == []
    assert Tail(file, 4).read(until=8) == [b"two"]


def test_a_tail_may_begin_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"old\n")
    tail, early = Tail.from_end(file), Tail.from_end(tmp_path / "none")
    with file.open("ab") as appended:
        appended.write(b"new\n")
    assert tail.read() == [b"new"] and early.read() == []
