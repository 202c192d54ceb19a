"""Rows of which some have images stand in one batch, whichever comes first, and carry no more than they must."""

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from seeing import model_of_images, rows, traces
from verl.utils.dataset.dataset_utils import SFTTensorCollator
from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset
from verl.utils.dataset.rl_dataset import RLHFDataset

from src.errors import UserError
from src.tasks.build import write_rows, write_traces
from src.training.image_rows import RLRows, SFTRows

CONFIG = OmegaConf.create({"max_length": 200, "truncation": "error", "pad_mode": "no_padding"})


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(model_of_images(tmp_path_factory.mktemp("models") / "model"))


@pytest.fixture
def file(tmp_path: Path) -> str:
    write_traces(traces(), tmp_path / "sft.parquet")
    return str(tmp_path / "sft.parquet")


def _rows(kind: type, file: str, processor: Any) -> Any:
    tokenizer = processor.tokenizer
    return kind(parquet_files=file, tokenizer=tokenizer, config=CONFIG, processor=processor)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_batch_holds_rows_with_and_without_images(file: str, processor: Any, order: tuple[int, ...]) -> None:
    trained = _rows(SFTRows, file, processor)
    batch = SFTTensorCollator("no_padding")([trained[place] for place in order])
    shown = [one.data if hasattr(one, "data") else one for one in batch["multi_modal_inputs"]]
    # 84 x 56 pixels are 24 patches of 14 x 14, 56 x 56 are 16.
    patches = {0: None, 1: 24, 2: 24 + 16}
    assert [len(one["pixel_values"]) if one else None for one in shown] == [patches[place] for place in order]
    assert [tuple(ids.shape) for ids in batch["position_ids"].unbind()] == [
        (4, len(trained[place]["input_ids"])) for place in order
    ]


def test_rows_are_otherwise_verls(file: str, processor: Any) -> None:
    own, plain = _rows(SFTRows, file, processor), _rows(MultiTurnSFTDataset, file, processor)
    for place in range(len(plain)):
        expected = plain[place]
        assert set(own[place]) == {*expected, "multi_modal_inputs"}
        for name, value in expected.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(own[place][name], value), name
    with pytest.raises(KeyError, match="multi_modal_inputs"):  # veRL's batch begins with a row that has no image
        SFTTensorCollator("no_padding")([plain[1], plain[0]][::-1])


def test_a_template_that_splits_otherwise_is_noticed_with_the_first_row(file: str, processor: Any) -> None:
    trained = _rows(SFTRows, file, processor)
    template = processor.chat_template
    processor.chat_template = template + "{{ 'at the end' }}"
    try:
        with pytest.raises(AssertionError, match="apply_chat_template to each turn"):
            trained[1]
    finally:
        processor.chat_template = template


def test_no_processor_stops_the_stage(file: str, processor: Any) -> None:
    with pytest.raises(UserError, match="the model's processor could not be loaded"):
        SFTRows(parquet_files=file, tokenizer=processor.tokenizer, config=CONFIG, processor=None)


def _of_rl(kind: type, folder: Path, processor: Any) -> Any:
    write_rows(rows(), folder / "train.parquet")
    config = OmegaConf.create({"cache_dir": str(folder), "max_prompt_length": 200, "filter_overlong_prompts": False})
    return kind(str(folder / "train.parquet"), processor.tokenizer, config, processor)


def test_rl_sends_the_files_of_the_images_once(processor: Any, tmp_path: Path) -> None:
    own, plain = _of_rl(RLRows, tmp_path, processor), _of_rl(RLHFDataset, tmp_path, processor)
    for place, row in enumerate(rows()):
        sent, expected = own[place], plain[place]
        assert set(expected) - set(sent) == {"prompt"}
        files = sum(len(image) for image in row.images)
        assert len(pickle.dumps(sent["raw_prompt"])) < 300 + 1.4 * files
        if row.images:  # the pixels: 3 bytes each, of 84 x 56 in the first image
            assert len(pickle.dumps([expected["raw_prompt"], expected["prompt"]])) > 3 * 84 * 56


def test_rl_shows_the_same_pixels(processor: Any, tmp_path: Path) -> None:
    own, plain = _of_rl(RLRows, tmp_path, processor), _of_rl(RLHFDataset, tmp_path, processor)
    for place, row in enumerate(rows()):
        if not row.images:
            assert own[place]["raw_prompt"] == plain[place]["raw_prompt"]
            continue
        shown = [
            asyncio.run(type(one).process_vision_info(one[place]["raw_prompt"], 14, one.config))[0]
            for one in (own, plain)
        ]
        assert [image.tobytes() for image in shown[0]] == [image.tobytes() for image in shown[1]]
        assert [image.size for image in shown[0]] == [(84, 56), (56, 56)][: len(row.images)]
        texts = [processor.apply_chat_template(one[place]["raw_prompt"], tokenize=False) for one in (own, plain)]
        assert texts[0] == texts[1]
