"""Etiological reasoning in its public form; what all readers of rows share is tested here, too."""

import hashlib
import http.server
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from published_questions import reader, right, wave, write_lines

from src.errors import DataError

SCENARIOS = ["a tide", "a heart", "a market", "a lamp"]


def _rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    """The right one stands first, as in the published files."""
    return [
        {
            "uuid": str(place),
            "description": SCENARIOS[place % 4],
            "options": [SCENARIOS[(place + turn) % 4] for turn in range(4)],
            "series": wave(20 + place, first + place),
        }
        for place in range(count)
    ]


def _write(folder: Path, train: list[dict[str, Any]]) -> None:
    for split, rows in (("train", train), ("val", _rows(5, 100)), ("test", _rows(6, 200))):
        write_lines(folder / "TS_Dataset_MCQ" / f"{split}.json", rows)


def test_the_public_form_is_read(tmp_path: Path) -> None:
    _write(tmp_path / "deep" / "er", _rows(40))
    said: list[str] = []
    found = reader("artist_eti", tmp_path, log=said)
    assert {split: len(some) for split, some in found.parts.items()} == {"train": 40, "val": 5, "test": 6}
    first = found.parts["test"][0]
    assert first.series.tolist() == wave(20, 200) and right(first) == "a tide"
    assert sorted(first.options.values()) == sorted(SCENARIOS)
    assert (first.kind, first.needed, first.evidence) == ("scenario", 0, ())
    counts = Counter(one.truth for one in found.parts["train"])
    assert set(counts) == set("ABCD")  # the right one is not always A
    about = found.about()
    assert about["data"]["answers"]["train"] == dict(sorted(counts.items())) and about["data"]["length"] == [20, 59]
    assert said[-1] == "dataset artist_eti, test: " + ", ".join(
        f"{name} {count}" for name, count in sorted(Counter(one.truth for one in found.parts["test"]).items())
    )


def test_the_same_files_and_seed_give_the_same_questions(tmp_path: Path) -> None:
    _write(tmp_path, _rows(8))
    one, two = (reader("artist_eti", tmp_path).digest for _ in range(2))
    assert one == two
    _write(tmp_path, [*_rows(7), {**_rows(8)[7], "series": wave(27, 9)}])
    assert reader("artist_eti", tmp_path).digest != one
    assert reader("artist_eti", tmp_path, balanced=True).digest != reader("artist_eti", tmp_path).digest


def test_a_label_of_its_own_and_a_question_are_taken(tmp_path: Path) -> None:
    rows = [{**one, "label": one["options"][1], "question": "What is it?"} for one in _rows(3)]
    _write(tmp_path, rows)
    found = reader("artist_eti", tmp_path).parts["train"]
    assert {(one.text, right(one)) for one in found} == {("What is it?", row["label"]) for row in rows}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no options": ({"options": None}, "it has no list of options"),
    "one option": ({"options": ["a tide"], "description": "a tide"}, "it has 1 options: give at least two"),
    "a label outside": ({"description": "a wheel"}, "its answer 'a wheel' is not one of the options A, B, C, D"),
    "no label": ({"description": None}, "there is no description"),
    "NaN": ({"series": [1.0, float("nan"), *wave()]}, "step 1 of its series is nan: fill the gap"),
    "a short series": ({"series": [1, 2, 3]}, "its series has 3 steps, fewer than a segment"),
    "text in the series": ({"series": [1, "x"]}, "its series is no list of numbers"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_malformed_row_is_refused_with_its_line_or_counted(tmp_path: Path, what: str) -> None:
    change, reason = BROKEN[what]
    rows = _rows(6)
    _write(tmp_path, [*rows[:2], {**rows[2], **change}, *rows[3:]])
    with pytest.raises(DataError, match=r"train.json, line 3: ") as refused:
        _ = reader("artist_eti", tmp_path).parts
    assert reason in str(refused.value) and "dataset.malformed=leave_out" in str(refused.value)
    said: list[str] = []
    found = reader("artist_eti", tmp_path, log=said, malformed="leave_out")
    assert len(found.parts["train"]) == 5
    assert said[0].startswith(
        "dataset artist_eti, train.json: of 6 rows 1 are malformed and left out, such as line 3: "
    )
    assert found.about()["data"]["left_out"] == {"train.json, malformed": 1}


def test_several_series_are_counted(tmp_path: Path) -> None:
    rows = _rows(6)
    _write(tmp_path, [*rows[:5], {**rows[5], "series": [wave(), wave()]}])
    found = reader("artist_eti", tmp_path)
    assert len(found.parts["train"]) == 5
    assert found.left_out == {"train.json, several series": 1}


def test_a_file_without_questions_is_one_message(tmp_path: Path) -> None:
    _write(tmp_path, [])
    with pytest.raises(DataError, match=r"train.json holds no question that can be asked"):
        _ = reader("artist_eti", tmp_path).parts


def test_missing_files_are_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"TS_Dataset_MCQ/train.json is not in .*dataset.folder=DIR, or add download="):
        reader("artist_eti", tmp_path).find()
    reader("artist_eti", tmp_path, fetch=True).find()  # will be downloaded


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"malformed": "skip"}, "dataset.malformed is 'skip': set it to refuse or leave_out"),
        ({"split": {"val": 1.0}}, "dataset.split.val is 1.0: set it to a share above 0 and below 1"),
        ({"max_rows": {"test": 0}}, "dataset.max_rows.test is 0: set it to at least 1, or null"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        reader("artist_eti", tmp_path, **keys)


def test_files_are_downloaded_and_verified_where_that_is_allowed(tmp_path: Path) -> None:
    served, folder = tmp_path / "served", tmp_path / "here"
    _write(served, _rows(8))
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *given: handler(*given, directory=str(served))
    ) as here:
        threading.Thread(target=here.serve_forever, daemon=True).start()
        names = [f"TS_Dataset_MCQ/{split}.json" for split in ("train", "val", "test")]
        urls = {name: f"http://127.0.0.1:{here.server_port}/{name}" for name in names}
        sums = {names[0]: hashlib.sha256((served / names[0]).read_bytes()).hexdigest()}
        said: list[str] = []
        found = reader("artist_eti", folder, log=said, fetch=True, urls=urls, sha256=sums)
        assert len(found.parts["train"]) == 8
        assert sum("(verified)" in line for line in said) == 1
        wrong = reader("artist_eti", tmp_path / "other", fetch=True, urls=urls, sha256={names[1]: "0" * 64})
        with pytest.raises(DataError, match="sent another file than expected"):
            _ = wrong.parts
        here.shutdown()
    assert json.loads((folder / names[2]).read_text().splitlines()[0])["uuid"] == "0"
