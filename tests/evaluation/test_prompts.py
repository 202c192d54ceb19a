"""A question is as long as the model's own processor makes it."""

from pathlib import Path
from typing import Any

import pytest
from seeing import SIZES, model_of_images, rows
from transformers import AutoTokenizer

from src.errors import ConfigError
from src.evaluation.prompts import PromptReader, load_processor
from src.models import tiny
from src.tasks.images import with_parts


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of_images(tmp_path_factory.mktemp("models") / "model")


@pytest.fixture(scope="module")
def reader(model: Path) -> PromptReader:
    return PromptReader(AutoTokenizer.from_pretrained(model), load_processor(str(model)))


def _processed(processor: Any, messages: Any, images: list[Any]) -> list[int]:
    text = processor.apply_chat_template(with_parts(messages, images), add_generation_prompt=True, tokenize=False)
    return list(processor(text=[text], images=images or None)["input_ids"][0])


def test_a_prompt_counts_the_tokens_of_its_images(reader: PromptReader) -> None:
    for row in [*rows(), *rows()]:
        prompt = reader.read(row.messages, row.images)
        assert prompt.length == len(_processed(reader.processor, row.messages, prompt.images))
        assert prompt.tokens.count(reader.processor.image_token_id) == len(row.images) == len(prompt.images)
    assert [image.size for image in reader.read(rows()[2].messages, rows()[2].images).images] == [(84, 56), (56, 56)]


def test_text_is_the_tokenizers(model: Path, reader: PromptReader) -> None:
    row = rows()[0]
    prompt = PromptReader(reader.tokenizer).read(row.messages)
    assert prompt == reader.read(row.messages)
    messages = [dict(message) for message in row.messages]
    assert prompt.tokens == reader.tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=False
    )
    assert prompt.length == len(prompt.tokens)


def test_an_answer_ends_the_chat(reader: PromptReader) -> None:
    asked = [*rows()[1].messages, {"role": "assistant", "content": "rise"}]
    said = reader.tokenizer.decode(reader.read(asked, rows()[1].images, answered=True).tokens)
    assert said.endswith("assistant\nrise<|im_end|>\n")


def test_a_model_of_text_alone_is_refused(tmp_path: Path) -> None:
    sizes = {key: value for key, value in SIZES.items() if key != "vision"}
    folder = tiny.build(tmp_path / "text", [], sizes, seed=1)
    with pytest.raises(ConfigError, match="reads text only, and the rows have images"):
        load_processor(str(folder))


def test_a_processor_without_its_files_is_refused(tmp_path: Path) -> None:
    folder = model_of_images(tmp_path / "model")
    (folder / "processor_config.json").unlink()
    with pytest.raises(ConfigError, match="rows have images"):
        load_processor(str(folder))
    whole = model_of_images(tmp_path / "other")
    (whole / "chat_template.jinja").unlink()
    with pytest.raises(ConfigError, match=r"no chat template: add chat_template\.jinja"):
        load_processor(str(whole))
