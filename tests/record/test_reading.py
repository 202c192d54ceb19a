"""What a run has recorded, read at once or while it is written."""

import json
from pathlib import Path

import numpy as np
import pytest

from src.errors import UserError
from src.record.layout import Layout
from src.record.lines import append_line
from src.record.metrics_log import MetricsLog
from src.record.reading import assemble, load_run


@pytest.fixture
def run(tmp_path: Path) -> Layout:
    stages = [{"name": "warm_up"}, {"name": "perception"}, {"state": "nameless"}, "no stage", {"name": "reasoning"}]
    (tmp_path / "run.json").write_text(json.dumps({"format": 2, "stages": stages}))
    (tmp_path / "samples").mkdir()
    return Layout(tmp_path)


def test_stages_come_in_the_order_of_the_run(run: Layout) -> None:
    for stage, step in (("reasoning", 1), ("perception", 2), ("perception", 10), ("warm_up", 1)):
        append_line(run.metrics_file, {"stage": stage, "step": step, "time": 5.0 + step, "reward/mean": step / 2})
        run.sample_file(stage, step).touch()
    run.sample_file("elsewhere", 1).touch()
    record = load_run(run.folder)
    assert [stage["name"] for stage in record.stages] == ["warm_up", "perception", "reasoning"]
    assert list(record.metrics) == ["warm_up", "perception", "reasoning"]
    assert [file[:2] for file in record.sample_files] == [
        ("warm_up", 1), ("perception", 2), ("perception", 10), ("reasoning", 1), ("elsewhere", 1),
    ]  # fmt: skip
    series = record.metrics["perception"]["reward/mean"]
    assert (series.steps.tolist(), series.values.tolist()) == ([2, 10], [1.0, 5.0])
    assert record.times["perception"].values.tolist() == [7.0, 15.0]
    assert record.notes == []


def test_what_cannot_be_read_is_noted(run: Layout) -> None:
    run.metrics_file.write_text(
        '{"stage": "perception", "step": 1, "x": NaN, "y": null, "z": "text"}\noops\n{"step": 2}\n'
        '{"stage": "perception", "step": 2, "x": 1}\n{"stage": "perc'
    )
    record = load_run(run.folder)
    assert list(record.metrics["perception"]) == ["x"]
    assert np.isnan(record.metrics["perception"]["x"].values[0])
    assert record.notes == [
        "The last line of metrics.jsonl (line 5) is torn: the run stopped while writing. It is left out.",
        "1 line(s) of metrics.jsonl are not JSON objects and are left out: line 2.",
        "1 line(s) of metrics.jsonl have no stage or step and are left out.",
        "x (perception) is not finite at 1 step(s), first at step 1.",
    ]


def test_a_run_that_is_writing_is_read_bit_by_bit(run: Layout) -> None:
    log = MetricsLog(run.metrics_file)
    assert log.read() == [] and log.offset == 0
    first, second = ({"stage": "warm_up", "step": step, "x": step} for step in (1, 2))
    half = json.dumps(second)[:10]
    run.metrics_file.write_text(json.dumps(first) + "\n" + half)
    assert log.read() == [first]
    assert assemble(run.folder, log, torn_matters=False).notes == []
    with run.metrics_file.open("a") as file:
        file.write(json.dumps(second)[10:] + "\n")
    assert log.read() == [second]
    assert log.offset == run.metrics_file.stat().st_size
    record = assemble(run.folder, log, torn_matters=False)
    assert record.metrics["warm_up"]["x"].values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("make", "message"), [(False, "is not a folder"), (True, "is not a run: it has no run")])
def test_what_is_no_run_is_one_clear_error(tmp_path: Path, make: bool, message: str) -> None:
    folder = tmp_path / "none"
    if make:
        folder.mkdir()
    with pytest.raises(UserError, match=message):
        load_run(folder)
