"""A model that gives one of two fixed answers whatever it is asked, so that its scores are known."""

from collections.abc import Callable
from pathlib import Path

import pytest
from toys import BAD_ANSWER, GOOD_ANSWER


@pytest.fixture(scope="session")
def two_answer_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a Qwen2 that gives GOOD_ANSWER (greedily always, sampled in 3 of 4 cases) or BAD_ANSWER.

    Each answer is one token. Attention and feed-forward layers are zero, so that the next token depends on
    the current one alone: the end of the prompt gives either answer, an answer gives the end of the text.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from src.models.tiny import make_tokenizer

    folder = tmp_path_factory.mktemp("two-answer-model")
    tokenizer = make_tokenizer(["Task: forecast the next 12 values of a time series."] * 4, 20)
    tokenizer.add_tokens([GOOD_ANSWER, BAD_ANSWER])
    good, bad = tokenizer.convert_tokens_to_ids([GOOD_ANSWER, BAD_ANSWER])
    template = [{"role": "user", "content": "?"}]
    last = tokenizer.apply_chat_template(template, add_generation_prompt=True, return_dict=False)[-1]
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.zero_()
        states, head = model.model.embed_tokens.weight, model.lm_head.weight
        # Position 0 of the state: an answer has been given. Position 1: not yet.
        states[:, 1], states[[good, bad], 1], states[[good, bad], 0] = 1.0, 0.0, 1.0
        states[last] = 0.0
        states[last, 2] = 1.0
        # The final norm makes the one non-zero entry 8 = sqrt(64); e ** 30 drowns the other tokens.
        head[good, 2], head[bad, 2] = 30 / 8, (30 - 1.0986) / 8
        head[tokenizer.eos_token_id, 0] = 30 / 8
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder with empty files of the given names and a config that says nothing."""

    def make(*names: str, config: str | None = "{}") -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        for name in names:
            (folder / name).touch()
        if config is not None:
            (folder / "config.json").write_text(config)
        return folder

    return make
