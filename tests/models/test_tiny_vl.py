"""The vision-language model that the project builds: what its processor makes of images, and its seeded weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from seeing import SIZES, model_of_images, rows

from src.models.tiny_vl import SPECIAL_TOKENS, make_processor, sections


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of_images(tmp_path_factory.mktemp("models") / "model", seed=3)


@pytest.fixture(scope="module")
def processor(model: Path) -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(model)


def _asked(processor: Any, *images: Image.Image) -> Any:
    content = [*({"type": "image"} for _ in images), {"type": "text", "text": "What is it?"}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], tokenize=False)
    return processor(text=[text], images=list(images), return_tensors="np")


@pytest.mark.parametrize(("size", "tokens"), [((224, 28), 8), ((112, 56), 8), ((28, 28), 4), ((560, 560), 64)])
def test_an_image_takes_a_token_for_28_x_28_pixels_between_4_and_the_limit(
    processor: Any, size: tuple[int, int], tokens: int
) -> None:
    inputs = _asked(processor, Image.new("RGB", size, "white"))
    assert (inputs["input_ids"] == processor.image_token_id).sum() == tokens


def test_white_is_zero(processor: Any) -> None:
    image = Image.new("RGB", (112, 56), "white")
    assert np.abs(_asked(processor, image)["pixel_values"]).max() == 0
    image.putpixel((60, 20), (0, 0, 0))
    assert _asked(processor, image)["pixel_values"].min() == pytest.approx(-1 / 0.3)


def test_text_and_parts_are_the_same_chat(processor: Any) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    text = [{"role": "user", "content": "Hello"}]
    for one in (processor, processor.tokenizer):
        said = [one.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in (parts, text)]
        assert said[0] == said[1] == "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"


def test_the_tokens_of_images_are_special_and_no_phrase_holds_an_image(processor: Any) -> None:
    tokenizer = processor.tokenizer
    ids = [tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS]
    assert ids == list(range(len(SPECIAL_TOKENS)))
    assert tokenizer.decode(ids, skip_special_tokens=True) == ""
    learned = make_processor(["See <image>: what is it?"] * 3, SIZES).tokenizer.get_vocab()
    assert ": what is it?" in learned and not any("<image>" in phrase for phrase in learned)


def test_the_embedding_has_a_row_per_token_and_the_ids_are_in_the_config(model: Path, processor: Any) -> None:
    from safetensors.torch import load_file

    weights, config = load_file(model / "model.safetensors"), json.loads((model / "config.json").read_text())
    (embedding,) = [weight for name, weight in weights.items() if name.endswith("embed_tokens.weight")]
    assert tuple(embedding.shape) == (len(processor.tokenizer), SIZES["width"])
    assert not any("lm_head" in name for name in weights)
    assert (config["image_token_id"], config["video_token_id"]) == (processor.image_token_id, processor.video_token_id)
    assert config["model_type"] == "qwen2_5_vl"
    assert json.loads((model / "built.json").read_text())["vision"] == SIZES["vision"]


def test_the_seed_alone_decides_the_weights(model: Path, tmp_path: Path) -> None:
    again, other = (model_of_images(tmp_path / str(seed), seed) for seed in (3, 4))
    weights = [(folder / "model.safetensors").read_bytes() for folder in (model, again, other)]
    assert weights[0] == weights[1] != weights[2]


def test_its_weights_are_those_of_its_architecture(model: Path) -> None:
    from src.evaluation.weights import weights_problem

    assert weights_problem(str(model)) is None


def test_positions_share_half_a_head() -> None:
    assert sections(128) == [16, 24, 24]  # as published
    for head in (16, 32, 64):
        assert sum(sections(head)) == head // 2


def test_rows_of_the_toy_have_none_one_and_two_images() -> None:
    assert [len(row.images) for row in rows()] == [0, 1, 2, 0, 1, 2]
