"""Rows are counted in the model's own tokens, as their stage counts them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from seeing import model_of_images, rows, traces

from src.errors import ConfigError, DataError
from src.models.lengths import too_long
from src.models.tiny import build
from src.tasks.build import read_rows, write_rows, write_traces
from src.tasks.row import Row, Trace

SIZES = {"phrases": 0, "layers": 1, "width": 16, "heads": 2, "key_value_heads": 1, "feed_forward": 16,
         "context_length": 64}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("models") / "model", [], SIZES, seed=1)


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of_images(tmp_path_factory.mktemp("models") / "seeing")


def _row(index: int, words: str) -> Row:
    return Row("toy", "", "train", index, [{"role": "user", "content": words}], [1.0], {})


def test_prompts_and_traces(model: Path, tmp_path: Path) -> None:
    rows = [_row(index, "x" * length) for index, length in enumerate((3, 9, 5))]
    write_rows(rows, tmp_path / "train.parquet")
    write_traces([Trace(row, "yy") for row in rows], tmp_path / "sft.parquet")
    # <|im_start|>, the role and its newline as one, the bytes, <|im_end|>, a newline; then the answer's opening.
    prompt, traced = 1 + 1 + 9 + 2 + 2, (1 + 1 + 9 + 2) + (1 + 1 + 2 + 2)
    prompts, traces = ({"file": str(tmp_path / name), "key": name} for name in ("train.parquet", "sft.parquet"))
    limits = [{**prompts, "limit": prompt}, {**traces, "limit": traced}]
    assert too_long(str(model), limits) == {"too_long": [], "scaled": 0}
    limits = [{**prompts, "limit": prompt - 1}, {**traces, "limit": traced - 5}]
    assert too_long(str(model), limits)["too_long"] == [
        {**prompts, "limit": prompt - 1, "longest": prompt, "count": 1, "rows": 3},
        {**traces, "limit": traced - 5, "longest": traced, "count": 2, "rows": 3},
    ]


def test_as_a_process(model: Path, tmp_path: Path) -> None:
    write_rows([_row(0, "x" * 40)], tmp_path / "train.parquet")
    request = {"model": str(model), "limits": [{"file": str(tmp_path / "train.parquet"), "limit": 10}]}
    done = subprocess.run(
        [sys.executable, "-m", "src.models.lengths", json.dumps(request)], capture_output=True, text=True, check=True
    )
    assert [one["longest"] for one in json.loads(done.stdout.splitlines()[-1])["too_long"]] == [46]


def test_images_count_with_all_the_tokens_that_training_sees(seeing: Path, tmp_path: Path) -> None:
    from omegaconf import OmegaConf
    from transformers import AutoProcessor
    from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset

    write_traces(traces(), tmp_path / "sft.parquet")
    processor = AutoProcessor.from_pretrained(seeing)
    config = OmegaConf.create({"max_length": 200, "truncation": "error", "pad_mode": "no_padding"})
    trained = MultiTurnSFTDataset(str(tmp_path / "sft.parquet"), processor.tokenizer, config, processor=processor)
    lengths = [len(trained[place]["input_ids"]) for place in range(len(trained))]
    assert lengths[2] - lengths[1] == 4 + 2, "28 x 28 pixels are a token, and an image is put between two"
    for limit in sorted(set(lengths)):
        found = too_long(str(seeing), [{"file": str(tmp_path / "sft.parquet"), "limit": limit - 1}])["too_long"]
        assert [(one["longest"], one["count"]) for one in found] == [
            (max(lengths), sum(length >= limit for length in lengths))
        ]


def test_rows_that_fit_are_written_apart_and_stay_as_they_were(seeing: Path, tmp_path: Path) -> None:
    write_rows(rows(), tmp_path / "train.parquet")
    limit = {"file": str(tmp_path / "train.parquet"), "limit": 40, "fitting": str(tmp_path / "fitting.parquet")}
    assert too_long(str(seeing), [limit]) == {"too_long": [], "scaled": 0}
    assert not (tmp_path / "fitting.parquet").exists(), "all rows fit, and no file is needed"
    (every,) = too_long(str(seeing), [{**limit, "limit": 1, "fitting": None}])["too_long"]
    (found,) = too_long(str(seeing), [{**limit, "limit": every["longest"] - 1}])["too_long"]
    assert (found["count"], found["rows"]) == (2, 6)
    every_row, kept = read_rows(tmp_path / "train.parquet"), read_rows(tmp_path / "fitting.parquet")
    assert kept == [row for row in every_row if len(row.images) < 2]
    schemas = [pq.read_schema(tmp_path / name) for name in ("train.parquet", "fitting.parquet")]
    assert schemas[0] == schemas[1]


def test_what_cannot_be_shown_is_named_by_its_row(seeing: Path, model: Path, tmp_path: Path) -> None:
    one = rows()[1]
    limits = [{"file": str(tmp_path / "train.parquet"), "limit": 100}]
    write_rows([*rows(), replace(one, images=[b"\x89PNG no more"])], tmp_path / "train.parquet")
    with pytest.raises(DataError, match=r"train\.parquet, row 6: an image cannot be decoded"):
        too_long(str(seeing), limits)
    write_rows([one, replace(one, images=[*one.images, *one.images])], tmp_path / "train.parquet")
    with pytest.raises(DataError, match=r"row 1: the messages have 1 places <image> for 2 images"):
        too_long(str(seeing), limits)
    said = [Trace(one, "rise"), Trace(rows()[0], "an <image>")]
    write_traces(said, tmp_path / "sft.parquet")
    with pytest.raises(DataError, match=r"sft\.parquet, row 1: the messages have 1 places <image> for 0 images"):
        too_long(str(seeing), [{"file": str(tmp_path / "sft.parquet"), "limit": 100}])
    write_rows([one], tmp_path / "train.parquet")
    with pytest.raises(ConfigError, match=r"reads text only, and the rows have images: choose a vision-language model"):
        too_long(str(model), limits)


def test_images_beyond_the_models_limit_are_counted(seeing: Path, tmp_path: Path) -> None:
    from toy_plots import plot

    large = replace(rows()[1], images=[plot(True, 0, width=1400)])  # 78,400 pixels of 50,176
    write_rows([*rows(), large], tmp_path / "train.parquet")
    found = too_long(str(seeing), [{"file": str(tmp_path / "train.parquet"), "limit": 100}])
    assert found == {"too_long": [], "scaled": 1}
