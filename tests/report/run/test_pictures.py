"""The report shows the pictures that prompts showed, from the rows that samples name; in a real browser."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from src.record.layout import Layout
from src.report.live.follow import Follower
from src.report.parts import images as images_module
from src.report.run.page import write_report
from src.report.run.pictures import Pictures
from src.report.run.samples import collect_samples
from src.runs import Sample
from src.tasks.build import write_rows
from src.tasks.plots import PlotSettings, draw
from src.tasks.row import Row

SMALL = PlotSettings(width=224, height=28, axes=False)


def _picture(seed: int) -> bytes:
    return draw([seed, 3, 1, 4, 1, 5], SMALL)


def _uri(seed: int) -> str:
    return f"data:image/png;base64,{base64.b64encode(_picture(seed)).decode()}"


def _build(folder: Path, split: str, indices: list[int]) -> None:
    """Rows whose picture is of their index; a text row where it is odd."""
    write_rows(
        [
            Row("gunpoint", "", split, one, [], "Gun", {}, () if one % 2 else (_picture(one), _picture(-one)))
            for one in indices
        ],
        folder / f"{split}.parquet",
    )


def _samples(run: Path, *changes: dict[str, Any]) -> None:
    path = run / "samples" / "rl_4.jsonl"
    sample = json.loads(path.read_text().splitlines()[0]) | {"dataset": "gunpoint", "split": "val", "score": 1.0}
    path.write_text("".join(json.dumps({**sample, **one}) + "\n" for one in changes))


def test_a_sample_shows_the_pictures_of_its_row(make_run, open_page) -> None:
    run = make_run(steps=4)
    _build(run / "data", "val", [8, 7, 2])  # not every row of a dataset is in its file
    _build(run / "data", "train", [2])
    _samples(run, {"index": 2}, {"index": 7, "score": 0.5})
    tab = open_page(write_report(run).as_uri())
    sources = "[...document.querySelectorAll('#sample-detail img')].map((one) => one.src)"
    assert tab.value(sources) == [_uri(2), _uri(-2)]
    size = "[...document.querySelectorAll('#sample-detail img')].map((one) => [one.naturalWidth, one.naturalHeight])"
    assert tab.value(size) == [[224, 28]] * 2
    tab.click("#sample-list li:nth-child(2)")
    assert tab.value(sources) == []


def test_an_answer_is_shown_by_its_sections(make_run, open_page) -> None:
    run = make_run(steps=4)
    answer = "<think>flat, then high</think><class>Gun-Draw</class>\n<extension>Look at the\nholster.</extension>"
    more = {"prediction": None, "history": None, "ground_truth": "Gun-Draw"}
    _samples(
        run,
        {"response": answer, **more},
        {"response": "<think>flat</think><class>Point</class> or not", "score": 0.5, **more},
    )
    tab = open_page(write_report(run).as_uri())
    read = ".map((one) => [one.textContent, one.nextElementSibling.textContent])"
    blocks = f"[...document.querySelectorAll('#sample-detail .texts h4')]{read}"
    assert tab.value(blocks) == [
        ["Reasoning", "flat, then high"],
        ["Truth", "Gun-Draw"],
        ["Class", "Gun-Draw"],
        ["Extension", "Look at the\nholster."],
    ]
    tab.click("#sample-list li:nth-child(2)")
    assert tab.value(blocks)[-1] == ["Answer", "<class>Point</class> or not"]


def test_the_live_page_gets_them_too(make_run) -> None:
    run = make_run(steps=4)
    _build(run / "data", "val", [2])
    _samples(run, {"index": 2})
    news = Follower(run).updates(0, 0, 0, "")
    shown = [window["images"] for batch in news["samples"] if batch["step"] == 4 for window in batch["windows"]]
    assert shown == [[{"data": _uri(2)}, {"data": _uri(-2)}]]


def test_a_stage_has_its_own_data(tmp_path: Path) -> None:
    _build(tmp_path / "data", "val", [2])
    _build(tmp_path / "data" / "second", "val", [4])
    stages = [{"name": "rl"}, {"name": "second", "data": {"folder": "data/second"}}]
    (tmp_path / "run.json").write_text(json.dumps({"stages": stages}))
    first, second = (Sample(stage, 1, "val", "gunpoint", index=index) for stage, index in (("rl", 2), ("second", 4)))
    notes: list[str] = []
    found = Pictures(tmp_path, [first, second], notes)
    assert [one.uri for one in found.of(first)] == [_uri(2), _uri(-2)]
    assert [one.uri for one in found.of(second)] == [_uri(4), _uri(-4)]
    assert found.of(second)[0].place == "data/second/val.parquet, row 4"
    assert found.of(Sample("rl", 1, "val", "other", index=2)) == []
    assert notes == []


def test_what_cannot_be_shown_is_said(make_run, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(steps=4)
    _build(run / "data", "val", [2])
    _samples(run, {"index": 2})
    monkeypatch.setattr(images_module, "BUDGET", len(_uri(2)))
    notes: list[str] = []
    (window,) = (
        one
        for one in collect_samples(run, Layout(run).sample_files(), notes)["windows"]
        if one["dataset"] == "gunpoint"
    )
    assert window["images"] == [{"data": _uri(2)}, {"path": "data/val.parquet, row 2"}]
    assert notes == ["1 image(s) of samples are left out to keep the page small; their paths are shown."]
    (run / "data" / "val.parquet").write_bytes(b"torn")
    notes.clear()
    collect_samples(run, Layout(run).sample_files(), notes)
    assert len(notes) == 1 and notes[0].startswith("data/val.parquet cannot be read (")
