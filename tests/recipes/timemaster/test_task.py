"""TimeMaster's question over a labelled file: prompts, traces that earn the reward, wrong ones, and augmented rows."""

from pathlib import Path
from typing import Any

import pytest
from labelled_archives import BASE, waves, write_csv

from recipes.timemaster.reward import SECTIONS
from recipes.timemaster.task import TimeMaster
from src.errors import DataError
from src.tasks.build import build, read_rows, read_traces, write_traces
from src.tasks.task import Answer

KINDS = ["one" if place % 2 == 0 else "three" for place in range(20)]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "mine.csv", waves(20), KINDS)


def task(path: Path, log: Any = lambda line: None, **keys: Any) -> TimeMaster:
    return TimeMaster({**BASE, "path": str(path), **keys}, log=log)


def test_the_question_shows_the_plot_the_classes_and_the_form(mine: Path) -> None:
    row = task(mine, description="Waves.", hints={"one": "a slow wave"}).rows("test")[0]
    [message] = row.messages
    assert message["content"].splitlines() == [
        "<image>",
        "Waves. It has 24 steps.",
        "Classify it as one of:",
        '- "one": a slow wave',
        '- "three"',
        "Reason step by step inside <think> </think>; then name one class inside <class> </class>; finally give what "
        "to do about it inside <extension> </extension>.",
    ]
    assert row.info["options"] == ["one", "three"] and len(row.images) == 1
    asked = task(mine, extension=False, show="numbers", advice="a plan").rows("test")[0]
    assert not asked.images and "extension" not in asked.messages[0]["content"]
    assert "give a plan inside" in task(mine, advice="a plan").rows("test")[0].messages[0]["content"]


@pytest.mark.parametrize("style", ["full", "short"])
@pytest.mark.parametrize("extension", [True, False])
def test_a_trace_earns_the_whole_reward(mine: Path, style: str, extension: bool) -> None:
    one = task(mine, extension=extension, traces={"samples": 30, "style": style})
    for split, count in (("sft", 30), ("sft_val", len(one.rows("val")))):
        traces = one.traces(split)
        assert len(traces) == count
        assert {one.reward(trace.row, trace.answer)["score"] for trace in traces} == {1.0}
        assert {trace.row.split for trace in traces} == {split}
        assert one.read(traces[0].row, traces[0].answer) == Answer(traces[0].row.truth)


def test_a_share_of_the_traces_is_wrong_on_purpose_and_says_so(mine: Path) -> None:
    said: list[str] = []
    one = task(mine, said.append, traces={"samples": 40, "wrong": 0.3})
    scores = [one.reward(trace.row, trace.answer)["score"] for trace in one.traces("sft")]
    assert sorted(set(scores)) == [0.1, 1.0] and scores.count(0.1) == 12
    assert {one.reward(trace.row, trace.answer)["score"] for trace in one.traces("sft_val")} == {1.0}
    assert any(line.startswith("dataset small, sft: wrong on purpose as ") for line in said)


def test_a_weak_teacher_is_a_note_on_the_data(mine: Path) -> None:
    assert task(mine, traces={"samples": 40, "wrong": 0.3}).about()["notes"] == [
        "The teacher is weak on purpose: 30 % of the SFT traces name a wrong class (dataset.traces.wrong=0.3), so that "
        "RL has something to find out. What SFT reaches with right ones is in recipes/timemaster/README.md."
    ]
    assert "notes" not in task(mine).about()


def test_training_is_moved_and_what_is_scored_is_not(mine: Path) -> None:
    plain, moved = task(mine), task(mine, augment={"rows": 30, "strength": 1.0}, traces={"samples": 30})
    rows = moved.rows("train")
    assert len(rows) == 30 and len(plain.rows("train")) < 20
    assert len({row.images[0] for row in rows}) == 30
    assert [row.truth for row in rows[:3]] == [row.truth for row in plain.rows("train")[:3]]
    assert [row.images for row in moved.rows("test")] == [row.images for row in plain.rows("test")]
    shown = {trace.row.images[0] for trace in moved.traces("sft")}
    assert len(shown) == 30 and not shown & {row.images[0] for row in rows}
    assert rows[7].images == task(mine, augment={"rows": 30, "strength": 1.0}).rows("train")[7].images


def test_a_build_has_all_files_and_settings_decide(mine: Path, tmp_path: Path) -> None:
    result = build(task(mine, traces={"samples": 8}), tmp_path / "out")
    assert result.counts["sft"] == 8 and result.sft is not None
    assert all(row.info["options"] == ["one", "three"] for row in read_rows(result.train))
    assert len({task(mine, traces=one).fingerprint for one in ({"wrong": 0.1}, {"wrong": 0.2}, {})}) == 3
    teachers = tmp_path / "teachers.parquet"
    write_traces(task(mine, traces={"samples": 5, "style": "short"}).traces("sft"), teachers)
    given = task(mine, traces={"file": str(teachers)})
    assert [one.answer for one in given.traces("sft")] == [one.answer for one in read_traces(teachers)]
    assert given.fingerprint != task(mine).fingerprint


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"traces": {"style": "long"}}, "dataset.traces.style is 'long': set it to full or short"),
        ({"traces": {"samples": 0}}, "dataset.traces.samples is 0"),
        ({"traces": {"wrong": 1.0}}, r"dataset.traces.wrong is 1.0: set it to a share from 0 and below 1"),
        ({"augment": {"strength": 2.0}}, "dataset.augment.strength is 2.0"),
        ({"augment": {"rows": 0}}, "dataset.augment.rows is 0"),
        ({"traces": {"much": 1}}, r"dataset\.traces\.much"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(mine: Path, keys: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        task(mine, **keys)


def test_the_sections_are_those_that_are_asked_for(mine: Path) -> None:
    assert task(mine).sections == SECTIONS
    assert task(mine, extension=False).sections == ("think", "class")
