"""Rows that do not fit a stage end the run with the key to raise, or are left out and counted."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from seeing import SETTINGS, model_of_images
from toy_plots import Plots, plot

from src.config.stages import Stage
from src.errors import UserError
from src.launcher.data import Data
from src.launcher.lengths import check_lengths
from src.launcher.stage import Interpreter
from src.record.run import Run
from src.tasks.build import build, read_rows, write_rows

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(model_of_images(tmp_path_factory.mktemp("models") / "model"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.start({"stages": [{"name": "rl"}]})
    return run


@pytest.fixture
def data(run: Run) -> Data:
    counts = dict.fromkeys(("train", "val", "test", "sft", "sft_val"), 6)
    built = build(Plots({**SETTINGS, "counts": counts}, log=lambda text: None), run.data)
    return Data(built, {"rl": built})


def _stage(limit: int, drop: bool, batch: int = 2) -> Stage:
    node = {"max_prompt_length": limit, "truncation": "error", "filter_overlong_prompts": drop}
    return Stage("rl", "ppo", OmegaConf.create({"data": {**node, "train_batch_size": batch}}))


def _checked(run: Run, data: Data, model: str, stage: Stage) -> Data:
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support")))
    interpreter = Interpreter(sys.executable, {**os.environ, "PYTHONPATH": path}, lambda: None)
    return check_lengths(run, [stage], data, model, interpreter)


def test_rows_that_are_too_long_are_left_out_where_the_stage_says_so(
    run: Run, data: Data, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        UserError, match=r"stage rl: 6 rows are longer than data\.max_prompt_length=1, .* raise it"
    ) as end:
        _checked(run, data, model, _stage(1, drop=False))
    longest = int(str(end.value).rpartition("raise it to ")[2].partition(",")[0])
    stage = _stage(longest - 1, drop=True)
    left = _checked(run, data, model, stage)
    train, val = left.files(stage)
    assert (train.name, val.name) == ("train.rl.parquet", "val.rl.parquet")
    assert [len(row.images) for row in read_rows(train)] == [0, 1, 0, 1]
    assert data.files(stage) == (data.own.train, data.own.val), "the built files stay"
    assert f"stage rl: 2 of 6 rows of train are longer than data.max_prompt_length={longest - 1} and are left out" in (
        capsys.readouterr().out
    )
    assert run.stage("rl")["left_out"] == {"train": 2, "val": 2}
    assert replace(left, fitting={}) == data


def test_too_few_rows_that_fit_are_refused(run: Run, data: Data, model: str) -> None:
    with pytest.raises(
        UserError, match=r"stage rl: 0 rows of train are left, and 2 are needed: raise data\.max_prompt"
    ):
        _checked(run, data, model, _stage(1, drop=True))


def test_a_picture_that_no_model_takes_is_named(run: Run, data: Data, tmp_path: Path) -> None:
    from seeing import SIZES

    from src.models import tiny

    text = tiny.build(tmp_path / "text", [], {key: SIZES[key] for key in SIZES if key != "vision"}, seed=1)
    with pytest.raises(UserError, match="reads text only, and the rows have images"):
        _checked(run, data, str(text), _stage(100, drop=False))


def test_a_picture_above_the_models_limit_is_counted_and_one_that_does_not_decode_is_refused(
    run: Run, data: Data, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_rows(data.own.train)
    large = replace(rows[1], images=[plot(True, 0, width=1400)])  # 78,400 pixels of 50,176
    write_rows([large, *rows[1:]], data.own.train)
    assert _checked(run, data, model, _stage(100, drop=False)) == data
    assert "images: 1 are larger than the model takes, and are scaled down to its limit" in capsys.readouterr().out
    write_rows([rows[0], replace(rows[1], images=[b"\x89PNG no more"])], data.own.train)
    with pytest.raises(UserError, match=r"train\.parquet, row 1: an image cannot be decoded .*: write it again as PNG"):
        _checked(run, data, model, _stage(100, drop=False))


def test_a_processor_without_a_chat_template_is_refused(run: Run, data: Data, model: str, tmp_path: Path) -> None:
    bare = shutil.copytree(model, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match=r"has no chat template: add chat_template\.jinja to its files"):
        _checked(run, data, str(bare), _stage(100, drop=False))
