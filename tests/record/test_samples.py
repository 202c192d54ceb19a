"""The one row of a sample file: written, read again, and read from older runs."""

import json
from pathlib import Path

import pytest

from src.record.layout import Layout, SampleFile
from src.record.samples import Sample, read_samples, write_samples


@pytest.fixture
def run(tmp_path: Path) -> Layout:
    (tmp_path / "samples").mkdir()
    return Layout(tmp_path)


def _file(run: Layout, stage: str, step: int) -> SampleFile:
    return SampleFile(stage, step, run.sample_file(stage, step))


def test_what_is_written_is_read_again(run: Layout) -> None:
    written = [
        Sample(
            "rl", 3, "train", "toys", "trend", "load", 7, session=2, role="controller", turn=1, prompt="p",
            response="r", images=["plots/7.png"], score=0.5, terms={"format": 1.0}, metrics={"mse": 0.25},
            history=[1.0], ground_truth=[3.0],
            prediction=[2.5], valid=True, kept=False, weight=0.25, more={"domain": "energy"},
        ),
        Sample("rl", 3, "train", "toys", score=float("nan")),
    ]  # fmt: skip
    write_samples(run.folder, "rl", 3, "train", written)
    notes: list[str] = []
    first, second = read_samples(_file(run, "rl", 3), notes)
    assert (first, notes) == (written[0], [])
    assert second == Sample("rl", 3, "train", "toys", score=None)  # JSON has no NaN
    line = json.loads(run.sample_file("rl", 3).read_text().splitlines()[0])
    assert list(line) == [
        "stage", "step", "split", "dataset", "task", "channel", "index", "session", "role", "turn", "prompt",
        "response", "images", "score", "terms", "metrics", "item", "history", "ground_truth", "prediction", "valid",
            "kept",
        "weight",
        "domain",
    ]  # fmt: skip


def test_a_split_that_is_written_again_replaces_its_own_rows_only(run: Layout) -> None:
    def rows(split: str, *texts: str) -> list[Sample]:
        return [Sample("rl", 4, split, "toys", response=text) for text in texts]

    write_samples(run.folder, "rl", 4, "train", rows("train", "a", "b"))
    write_samples(run.folder, "rl", 4, "val", rows("val", "c"))
    write_samples(run.folder, "rl", 4, "val", rows("val", "d", "e"))
    read = read_samples(_file(run, "rl", 4), [])
    assert [(row.split, row.response) for row in read] == [("train", "a"), ("train", "b"), ("val", "d"), ("val", "e")]
    assert [path.name for path in run.samples.iterdir()] == ["rl_4.jsonl"]


def test_nothing_to_keep_makes_no_file(run: Layout) -> None:
    write_samples(run.folder, "rl", 1, "train", [])
    assert list(run.samples.iterdir()) == []


def test_a_row_of_an_older_run_takes_the_defaults(run: Layout) -> None:
    old = {"split": "val", "dataset": "etth1", "channel": "OT", "index": 3, "score": 0.5, "kept": True, "valid": True}
    run.sample_file("rl", 2).write_text(
        json.dumps({**old, "stage": "other", "image": "plot.png", "ability": "x"}) + "\n"
    )
    (row,) = read_samples(_file(run, "rl", 2), [])
    assert (row.stage, row.step, row.split, row.dataset, row.index, row.score) == ("rl", 2, "val", "etth1", 3, 0.5)
    assert (row.task, row.session, row.role, row.turn, row.weight, row.terms) == (None, None, None, None, None, {})
    assert (row.images, row.valid, row.kept, row.more) == (["plot.png"], True, True, {"ability": "x"})


def test_a_row_that_is_odd_is_read_as_far_as_it_goes(run: Layout) -> None:
    run.sample_file("rl", 2).write_text('{"terms": 3, "kept": "yes", "images": [1, ""], "split": null}\noops\n')
    notes: list[str] = []
    (row,) = read_samples(_file(run, "rl", 2), notes)
    assert (row.terms, row.kept, row.images, row.split, row.valid) == ({}, None, [], "", False)
    assert notes == ["1 line(s) of rl_2.jsonl are not JSON objects and are left out: line 2."]
