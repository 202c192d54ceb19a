"""The files of a task: one schema for all, read back to the last bit, written whole, found again by the fingerprint."""

import json
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from toy_task import Sums

from src.errors import ConfigError, DataError
from src.tasks.build import MANIFEST, BuildResult, build, notes, read_rows, read_traces, traces_file, write_rows
from src.tasks.lazy import Lazy
from src.tasks.row import Row, Trace
from src.tasks.series_store import STORE, SeriesStore
from src.tasks.task import Task


class Untraced(Sums):
    """Sums with the fingerprint of any task, and pictures where the settings say so."""

    fingerprint = Task.fingerprint

    def rows(self, split: str) -> list[Row]:
        images = [b"png"] if self.settings.get("pictures") else []
        return [replace(row, info={"half": row.index / 3}, images=images) for row in super().rows(split)]


class Traced(Untraced):
    """The same with traces."""

    def traces(self, split: str) -> list[Trace]:
        return [Trace(row, f"<answer>{row.truth}</answer>") for row in self.rows(split)]


def _task(kind: type[Task] = Traced, **settings: Any) -> Task:
    return kind({"name": "sums", "rows": 3, **settings}, log=lambda line: None)


def _rows(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_rows_and_traces_have_the_columns_that_veRL_reads(tmp_path: Path) -> None:
    result = build(_task(), tmp_path)
    row = _rows(result.train)[1]
    assert list(row) == ["data_source", "ability", "prompt", "reward_model", "extra_info"]
    assert row["prompt"] == [{"role": "user", "content": "1 + 1 ="}]
    assert row["reward_model"] == {"style": "rule", "ground_truth": "2"}
    assert row["extra_info"] == {"index": 1, "split": "train", "task": "", "info": '{"half": 0.3333333333333333}'}
    trace = _rows(result.sft_val)[1]
    assert list(trace) == ["data_source", "messages", "extra_info"]
    assert trace["messages"][-1] == {"role": "assistant", "content": "<answer>2</answer>"}
    assert result.counts == dict.fromkeys(("train", "val", "test", "sft", "sft_val"), 3)


def test_floats_come_back_to_the_last_bit(tmp_path: Path) -> None:
    values = [0.1, 1 / 3, 5e-324, -0.0, 1e300]
    row = Row("s", "t", "train", 0, (), values, {"history": values})
    write_rows([row], tmp_path / "train.parquet")
    (columns,) = _rows(tmp_path / "train.parquet")
    back = Row.of_columns(columns["data_source"], columns["reward_model"]["ground_truth"], columns["extra_info"])
    assert [value.hex() for value in back.truth] == [value.hex() for value in values]
    assert (back, back.info) == (row, {"history": values})


def test_the_column_of_images_is_there_only_where_a_dataset_has_some(tmp_path: Path) -> None:
    without = build(_task(), tmp_path / "without")
    result = build(_task(pictures=True), tmp_path / "with")
    for name in ("train", "sft"):
        assert "images" not in pq.read_schema(getattr(without, name)).names
        assert _rows(getattr(result, name))[0]["images"] == [{"bytes": b"png"}]  # what veRL's datasets take
    assert read_rows(result.train)[0].images == (b"png",) == read_traces(result.texts)[0].row.images
    assert read_rows(without.train)[0].images == ()


def test_a_task_without_traces_has_no_files_of_them_and_says_so_when_asked(tmp_path: Path) -> None:
    task = _task(Untraced)
    result = build(task, tmp_path)
    assert (result.sft, result.sft_val, result.texts) == (None, None, result.train)
    assert sorted(_bytes(tmp_path)) == [MANIFEST, "test.parquet", "train.parquet", "val.parquet"]
    assert not build(task, tmp_path).rebuilt
    with pytest.raises(ConfigError, match="dataset sums has no traces to imitate: leave its SFT stage out"):
        task.traces("sft")
    assert build(_task(), tmp_path / "traced").texts.name == "sft.parquet"


def test_a_finished_build_is_found_and_a_damaged_or_unfinished_one_repeated(tmp_path: Path) -> None:
    lines: list[str] = []
    task = Traced({"name": "sums", "rows": 3}, log=lines.append)
    first = build(task, tmp_path)
    whole = _bytes(tmp_path)
    again = build(task, tmp_path)
    assert (first.rebuilt, again.rebuilt, again.counts) == (True, False, first.counts)
    assert "is up to date" in lines[-1] and "nothing to build" in lines[-1]
    for damage in (
        lambda: first.val.unlink(),
        lambda: first.test.write_bytes(b"short"),
        lambda: (tmp_path / MANIFEST).write_text("{"),
    ):
        damage()
        assert build(task, tmp_path).rebuilt
        assert _bytes(tmp_path) == whole


def test_the_fingerprint_follows_settings_and_code_and_is_in_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = build(_task(), tmp_path)
    assert json.loads((tmp_path / MANIFEST).read_text())["fingerprint"] == result.fingerprint
    assert _task().fingerprint == result.fingerprint
    assert _task(seed=1).fingerprint != result.fingerprint
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda path, *rest: read(path, *rest) + ("# x" if path.name == "test_build.py" else "")
    )
    assert _task().fingerprint != result.fingerprint


def test_a_failed_write_leaves_no_half_file_and_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first: BuildResult = build(_task(), tmp_path)
    before = _bytes(tmp_path)
    assert before.pop(MANIFEST) and first.rebuilt

    def full(path: Path, schema: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("src.tasks.build.pq.ParquetWriter", full)
    with pytest.raises(DataError, match=r"cannot write .*train.parquet \(No space left on device\): free space"):
        build(_task(seed=9), tmp_path)
    assert _bytes(tmp_path) == before


def test_rows_are_written_in_groups_and_never_all_made(tmp_path: Path) -> None:
    alive, most = set[int](), 0

    def make(place: int) -> Row:
        nonlocal most
        row = Row("s", "", "train", place, [], float(place), images=[b"png"] * (place == 4500))
        alive.add(place)
        weakref.finalize(row, alive.discard, place)
        most = max(most, len(alive))
        return row

    write_rows(Lazy(5000, make), tmp_path / "train.parquet")
    assert pq.ParquetFile(tmp_path / "train.parquet").num_row_groups == 3
    assert most <= 4001  # one group, and the next
    found = read_rows(tmp_path / "train.parquet")
    assert [row.truth for row in found] == list(range(5000))
    assert [row.index for row in found if row.images] == [4500]  # the first group does not say whether there are any
    write_rows([], tmp_path / "none.parquet")
    assert read_rows(tmp_path / "none.parquet") == []


def test_a_truth_that_is_no_json_value_is_named(tmp_path: Path) -> None:
    for bad in (float("nan"), object()):
        with pytest.raises(DataError, match=r"train, row 7 of s: its truth or info is no JSON value"):
            write_rows([Row("s", "", "train", 7, [], bad)], tmp_path / "train.parquet")


def test_traces_are_read_back_and_other_files_refused(tmp_path: Path) -> None:
    result = build(_task(), tmp_path)
    assert result.sft is not None
    found = read_traces(result.sft)
    wanted = _task().traces("sft")
    assert [(one.answer, one.row.messages, one.row.info) for one in found] == [
        (one.answer, one.row.messages, one.row.info) for one in wanted
    ]
    with pytest.raises(DataError, match=r"train.parquet does not hold SFT rows \(.*: write it again with the recipe"):
        read_traces(result.train)
    with pytest.raises(DataError, match=r"none.parquet is not a file: write it with the recipe's teacher"):
        traces_file(str(tmp_path / "none.parquet"))


class Stored(Untraced):
    """The same over series that rows share."""

    def series(self) -> list[np.ndarray]:
        return [np.arange(8.0), np.arange(30.0)]


def test_series_are_held_beside_the_rows_and_a_build_without_them_is_made_again(tmp_path: Path) -> None:
    first = build(_task(Stored), tmp_path)
    assert SeriesStore.beside(first.val)[1].tolist() == list(range(30))
    assert not build(_task(Stored), tmp_path).rebuilt
    (tmp_path / STORE).unlink()
    assert build(_task(Stored), tmp_path).rebuilt
    assert len(SeriesStore(tmp_path)) == 2


def test_what_a_reader_must_know_of_the_data_of_a_run_and_of_its_stages(tmp_path: Path) -> None:
    assert notes(tmp_path) == []
    (tmp_path / "sft").mkdir()
    for folder, said in ((tmp_path, ["Weak."]), (tmp_path / "sft", ["Weak.", "Small."])):
        (folder / MANIFEST).write_text(json.dumps({"notes": said}))
    assert notes(tmp_path) == ["Weak.", "Small."]
    (tmp_path / MANIFEST).write_text("[")
    assert notes(tmp_path) == ["Weak.", "Small."]
