"""The contact sheet: which rows it shows, the pictures pixel by pixel, and the words below them."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pictures import chunks, pixels, written  # noqa: F401  (a fixture)
from PIL import Image

from data_pipelines.__main__ import main
from data_pipelines.preview import spread, write_preview
from src.errors import DataError
from src.tasks.build import read_rows, write_rows
from src.tasks.plots import PlotSettings, draw
from src.tasks.plots.sheet import contact_sheet
from src.tasks.row import Row

SMALL = PlotSettings(width=224, height=28, axes=False)


def _row(index: int, truth: str, *images: bytes) -> Row:
    return Row("curves", "", "train", index, [{"role": "user", "content": "<image>" * len(images)}], truth, {}, images)


def _picture(seed: int, settings: PlotSettings = SMALL) -> bytes:
    return draw(np.random.default_rng(seed).standard_normal(50).cumsum(), settings)


def test_the_answers_come_in_turn() -> None:
    assert spread(["a", "a", "a", "b", "c", "b"]) == [0, 3, 4, 1, 5, 2]


def test_pictures_are_shown_as_they_are_and_captions_name_row_answer_and_price(
    tmp_path: Path,
    written: list[str],  # noqa: F811
) -> None:
    path = tmp_path / "train.parquet"
    rows = [_row(place, "up" if place < 5 else "down", _picture(place)) for place in range(7)]
    write_rows([*rows, _row(7, "flat"), _row(8, "flat", _picture(8), _picture(9))], path)
    assert write_preview(path, 4) == tmp_path / "preview.png"
    assert written == [
        "train 0: up (224 x 28, 8 tokens)",
        "train 5: down (224 x 28, 8 tokens)",
        "train 1: up (224 x 28, 8 tokens)",
        "train 6: down (224 x 28, 8 tokens)",
    ]
    sheet = pixels((tmp_path / "preview.png").read_bytes())
    assert (sheet[12 : 12 + 56 : 2, 12 : 12 + 448 : 2] == pixels(_picture(0))).all()  # doubled


def test_images_of_one_row_stand_below_each_other() -> None:
    large = PlotSettings(width=560, height=224)
    sheet = pixels(contact_sheet([((_picture(0, large), _picture(1, large)), "both"), ((_picture(2, large),), "one")]))
    assert (sheet[12:236, 12:572] == pixels(_picture(0, large))).all()
    assert (sheet[238:462, 12:572] == pixels(_picture(1, large))).all()
    assert (sheet[12:236, 584:1144] == pixels(_picture(2, large))).all()


def test_what_cannot_be_shown_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows([_row(0, "up")], tmp_path / "train.parquet")
    with pytest.raises(DataError, match="have no images: leave preview= out"):
        write_preview(tmp_path / "train.parquet", 12)
    write_rows([_row(0, "up", b"no picture")], tmp_path / "train.parquet")
    with pytest.raises(DataError, match="an image of row 0 of curves does not decode"):
        write_preview(tmp_path / "train.parquet", 12)
    assert main(["dataset=demand", f"out={tmp_path}", "preview=-1"]) == 2
    assert "preview=-1 is no number of rows: give preview=12" in capsys.readouterr().err
    assert main(["dataset=demand", f"out={tmp_path}", "preview=few"]) == 2
    assert "preview=few is not of the form" in capsys.readouterr().err


@pytest.mark.parametrize("renderer", ["pillow", "matplotlib"])
def test_no_label_is_in_the_pictures_of_labelled_series(
    renderer: str,
    tmp_path: Path,
    written: list[str],  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every series is there once for each of two labels: if no label is drawn, their pictures are the same bytes."""
    random, labels = np.random.default_rng(0), ("walking", "walking upstairs")
    lines = [",".join(map(str, random.standard_normal(20).cumsum())) for _ in range(12)]
    text = [",".join([*(f"t{step}" for step in range(20)), "label"]), *(f"{a},{b}" for a in lines for b in labels)]
    (tmp_path / "series.csv").write_text("\n".join(text) + "\n")
    words = ["dataset=classify", f"dataset.path={tmp_path / 'series.csv'}", "dataset.solvers=[]", f"out={tmp_path}"]
    words += [f"dataset.plot.renderer={renderer}", "dataset.plot.x_label=step"]
    assert main(words) == 0
    rows = [row for split in ("train", "val", "test") for row in read_rows(tmp_path / f"{split}.parquet")]
    assert [sum(row.truth == label for row in rows) for label in labels] == [12, 12]
    pictures = [row.images[0] for row in rows]
    assert len(set(pictures)) == 12
    assert not any(b"walking" in png or set(chunks(png)) != {"IHDR", "IDAT", "IEND"} for png in pictures)
    assert "step" in written and not any("walking" in word for word in written)
    written.clear()
    assert main([*words, "preview=4"]) == 0
    assert f"preview: {tmp_path / 'preview.png'}" in capsys.readouterr().out
    assert [word.split(": ")[1] for word in written] == [f"{label} (560 x 224, 160 tokens)" for label in labels * 2]


def test_a_sheet_is_one_png_without_metadata() -> None:
    sheet = contact_sheet([((_picture(place),), f"row {place}") for place in range(12)])
    assert set(chunks(sheet)) == {"IHDR", "IDAT", "IEND"}
    with Image.open(BytesIO(sheet)) as image:
        assert image.width <= 1240
