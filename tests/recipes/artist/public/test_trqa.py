"""TSAQA's Parquet files."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published_questions import reader, right, wave

from src.config.group import compose_group
from src.errors import DataError
from src.tasks.build import build, read_rows
from src.tasks.task import load_task


def _row(place: int, kind: str = "multiple_choices", task: str = "characterization", **change: Any) -> dict[str, Any]:
    choice = {"question": "What is the trend?\nA. up\nB. down\nC. none\nD. both", "answer": "C"}
    judged = {"question": "The series has a trend.", "answer": "T"}
    return {
        "task": task,
        "question_type": kind,
        "raw_ts": json.dumps(wave(100 + place, place)),
        "domain": "Energy",
        "dataset": "GEF12",
        "meta_info": "",
        **(judged if kind == "true_or_false" else choice),
        **change,
    }


def _write(folder: Path, train: list[dict[str, Any]]) -> None:
    for name, rows in (("train", train), ("validation", [_row(50)]), ("test", [_row(60, "true_or_false")])):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")


def test_the_public_form_is_read(tmp_path: Path) -> None:
    others = [_row(7, task="comparison"), _row(8, "ordering"), _row(9, raw_ts=json.dumps([wave(), wave()]))]
    _write(tmp_path, [*(_row(place) for place in range(5)), *others, _row(10, answer="E")])
    found = reader("artist_trqa", tmp_path)
    assert {split: len(some) for split, some in found.parts.items()} == {"train": 5, "val": 1, "test": 1}
    (chosen,), (judged,) = found.parts["val"], found.parts["test"]
    assert (chosen.text, right(chosen), list(chosen.options)) == ("What is the trend?", "none", list("ABCD"))
    assert (judged.text, right(judged), judged.kind) == ("The series has a trend.", "True", "true_or_false")
    assert (judged.series.tolist(), judged.about) == (wave(160, 60), "The series is from the domain Energy.")
    assert found.left_out == {
        "train.parquet, comparison": 1,
        "train.parquet, ordering": 1,
        "train.parquet, several series": 1,
        "train.parquet, malformed": 1,
    }


def test_other_tasks_can_be_asked(tmp_path: Path) -> None:
    _write(tmp_path, [_row(place, task="temporal_relationship") for place in range(3)])
    found = reader("artist_trqa", tmp_path, tasks=["characterization", "temporal_relationship"])
    assert len(found.parts["train"]) == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"raw_ts": None}, "row 2: there is no raw_ts or input_ts"),
        ({"raw_ts": "[1, 2"}, "row 2: its series is no list of numbers"),
        ({"answer": "E"}, "row 2: its answer 'E' is not one of the options A, B, C, D"),
        ({"question": "What is the trend?"}, "row 2: its question holds no options"),
    ],
)
def test_a_malformed_row_is_refused_with_its_number(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    _write(tmp_path, [_row(0), _row(1, **change)])
    with pytest.raises(DataError, match=rf"train.parquet, {reason}"):
        _ = reader("artist_trqa", tmp_path, malformed="refuse").parts


def test_a_build_of_them_is_rows_with_their_series_beside(tmp_path: Path) -> None:
    _write(tmp_path, [_row(place) for place in range(5)])
    given = [f"dataset.folder={tmp_path}", "dataset.max_rows.train=4"]
    said: list[str] = []
    task = load_task(compose_group("dataset", "artist_trqa", given), log=said.append)
    task.find()
    assert not task.has_traces  # no teacher knows the evidence: dataset.traces.file brings a chat model's
    built = build(task, tmp_path / "built")
    assert built.counts == {"train": 4, "val": 1, "test": 1}
    (row,) = read_rows(built.test)
    assert (row.source, row.task, row.truth) == ("artist_trqa", "true_or_false", "A")
    assert (row.info["length"], row.info["options"]) == (160, {"A": "True", "B": "False"})
    manifest = json.loads((tmp_path / "built" / "manifest.json").read_text())
    assert manifest["data"]["answers"]["train"] == {"none": 4} and manifest["licence"] == "MIT"
    assert "dataset artist_trqa, train: none 4" in said
    assert not build(task, tmp_path / "built").rebuilt
