"""The model that the project builds: a tokenizer for any text, one token per digit and phrase, and seeded weights."""

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from src.models.tiny import build, fixed_phrases, main, make_tokenizer

TEXTS = [
    "Task: forecast the next 12 values.\nHistory: 10.1, 12.5, 13.0\n",
    "<think>\nThe level is 12.5 and it rises.\n</think>\n<answer>\n```\n10.1\n12.5\n```\n</answer>",
    "Task: forecast the next 24 values.\nHistory: 10.9, 12.7, 13.8\n",
    "<think>\nThe level is 11.5 and it falls.\n</think>\n<answer>\n```\n10.7\n12.1\n```\n</answer>",
]
SIZES = {
    "phrases": 20,
    "layers": 1,
    "width": 16,
    "heads": 2,
    "key_value_heads": 1,
    "feed_forward": 24,
    "context_length": 128,
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer(TEXTS, 20)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "model", TEXTS, SIZES, seed=3)


def _ids(tokenizer: Any, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False)


def test_phrases_are_the_pieces_between_digits_that_save_most() -> None:
    texts = ["abcd 1 xy 2", "abcd 3 xy 4", "xy 5", "once 6", "z7z8"]
    # "abcd " twice saves 2 * 4 tokens, " xy " twice 2 * 3, and "xy " and "once " come once.
    assert fixed_phrases(texts, 5) == ["abcd ", " xy "]
    assert fixed_phrases(texts, 1) == ["abcd "]
    assert fixed_phrases([], 5) == []


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
@example("\r\n\t  two  spaces ")
@example("日本語 🙂 \x00")
@example("Task: forecast the next 12 values.")
@example("<|im_start|>user\n")
def test_any_text_comes_back(tokenizer: Any, text: str) -> None:
    # Qwen2 composes accents first, as its published tokenizer does.
    decoded = tokenizer.decode(_ids(tokenizer, text))
    assert unicodedata.normalize("NFC", decoded) == unicodedata.normalize("NFC", text)


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,4})?", fullmatch=True))
def test_every_character_of_a_number_is_a_token(tokenizer: Any, number: str) -> None:
    ids = _ids(tokenizer, number)
    assert [tokenizer.decode([one]) for one in ids] == list(number)


def test_a_digit_is_the_same_token_wherever_it_stands(tokenizer: Any) -> None:
    (seven,) = _ids(tokenizer, "7")
    for text in ("17", "7.5", " 7", "x7\n", "level is 7 and"):
        assert _ids(tokenizer, text).count(seven) == 1


def test_a_name_of_one_letter_is_the_same_token_wherever_it_stands() -> None:
    texts = [
        "Load:\nf4\ng2\nA. discharge f g\nB. discharge g h, twice a day\nC) X feeds Y",
        "<think>A f4 g2=6 best A6, B g2 h0=2 best A6, twice a day: X feeds Y. So A.</think>",
    ]
    tokenizer = make_tokenizer(2 * texts, 50)
    for name in "ABCfgh":
        (token,) = _ids(tokenizer, name)
        for text in texts:
            assert _ids(tokenizer, text).count(token) == len(re.findall(rf"\b{name}(?=\b|\d)", text)), (name, text)
    assert ", twice a day\n" in fixed_phrases(2 * texts, 50)


def test_fixed_phrases_are_one_token_each(tokenizer: Any) -> None:
    phrases = fixed_phrases(TEXTS, 20)
    assert "Task: forecast the next " in phrases
    assert {phrase: len(_ids(tokenizer, phrase)) for phrase in phrases} == dict.fromkeys(phrases, 1)
    assert len(_ids(tokenizer, "Task: forecast the next 12")) == 3


@pytest.mark.parametrize(
    ("digits", "pieces"),
    [(1, "1|0|.|1| |7| |1|2|7| |9|9|9|9"), (2, "10|.|1| |7| |12|7| |9|9|9|9"), (3, "10|.|1| |7| |127| |9|9|9|9")],
)
def test_a_number_of_the_texts_is_one_token_up_to_its_limit_of_digits(digits: int, pieces: str) -> None:
    tokenizer = make_tokenizer([*TEXTS, "127 values"], 20, digits)
    ids = _ids(tokenizer, "10.1 7 127 9999")
    assert "|".join(tokenizer.decode([one]) for one in ids) == pieces
    assert sorted(tokenizer.get_vocab().values()) == list(range(len(tokenizer)))


def test_the_vocabulary_is_specials_bytes_roles_and_phrases(tokenizer: Any) -> None:
    assert len(tokenizer) == 3 + 256 + 3 + len(fixed_phrases(TEXTS, 20))
    assert sorted(tokenizer.get_vocab().values()) == list(range(len(tokenizer)))
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token == "<|endoftext|>"


def test_a_chat_ends_each_turn_and_opens_the_next(tokenizer: Any) -> None:
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hello 5"}], add_generation_prompt=True, tokenize=False
    )
    assert text == "<|im_start|>user\nHello 5<|im_end|>\n<|im_start|>assistant\n"
    ids = _ids(tokenizer, text)
    assert ids.count(tokenizer.eos_token_id) == 1
    assert [tokenizer.decode([one]) for one in ids[:2]] == ["<|im_start|>", "user\n"]


def test_the_embedding_has_a_row_per_token(model: Path) -> None:
    from safetensors.torch import load_file
    from transformers import AutoTokenizer

    weights = load_file(model / "model.safetensors")
    rows = weights["model.embed_tokens.weight"].shape
    tokens = len(AutoTokenizer.from_pretrained(model))
    assert tuple(rows) == (tokens, SIZES["width"])
    assert "lm_head.weight" not in weights  # tied to the embedding
    config = json.loads((model / "config.json").read_text())
    assert (config["vocab_size"], config["model_type"], config["tie_word_embeddings"]) == (tokens, "qwen2", True)


def test_the_saved_tokenizer_is_the_same(model: Path, tokenizer: Any) -> None:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(model)
    for text in (*TEXTS, "17.25 é 🙂\n", "<|im_start|>assistant\n"):
        assert _ids(loaded, text) == _ids(tokenizer, text)
    assert (loaded.eos_token_id, loaded.pad_token_id) == (tokenizer.eos_token_id, tokenizer.pad_token_id)
    assert loaded.chat_template == tokenizer.chat_template


def test_the_record_counts_what_was_built(model: Path) -> None:
    from safetensors.torch import load_file

    record = json.loads((model / "built.json").read_text())
    parameters = sum(weight.numel() for weight in load_file(model / "model.safetensors").values())
    assert record == {"seed": 3, "parameters": parameters, "tokens": record["tokens"], **SIZES}
    assert [path.name for path in model.parent.iterdir()] == ["model"]  # nothing half-written beside it


def test_the_seed_alone_decides_the_weights(model: Path, tmp_path: Path) -> None:
    import torch

    before = torch.random.get_rng_state()
    again = build(tmp_path / "again", TEXTS, SIZES, seed=3)
    other = build(tmp_path / "other", TEXTS, SIZES, seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)  # the caller's random numbers go on as they were
    weights = [(folder / "model.safetensors").read_bytes() for folder in (model, again, other)]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


def test_a_model_that_is_there_is_replaced_whole(tmp_path: Path) -> None:
    folder = build(tmp_path / "model", TEXTS, SIZES, seed=3)
    (folder / "left-over").touch()
    build(folder, TEXTS, {**SIZES, "width": 32}, seed=3)
    assert not (folder / "left-over").exists()
    assert json.loads((folder / "built.json").read_text())["width"] == 32


def test_the_command_line_learns_from_an_sft_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        for question, answer in zip(TEXTS[::2], TEXTS[1::2], strict=True)
    ]
    pq.write_table(pa.table({"messages": rows}), tmp_path / "sft.parquet")
    request = {
        "texts": [str(tmp_path / "sft.parquet")],
        "folder": str(tmp_path / "model"),
        "settings": SIZES,
        "seed": 3,
    }
    monkeypatch.setattr(sys, "argv", ["tiny", json.dumps(request)])
    main()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert len(_ids(tokenizer, "Task: forecast the next ")) == 1
