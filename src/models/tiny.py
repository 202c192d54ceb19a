"""A small Qwen2 with random weights and a tokenizer of its own, so that a run needs no download.

The tokenizer is a byte-level BPE learned from the stage's own prompts and answers. Digits are always tokens of
one digit, so that the model sees a number as its digits; merges run across words, so that the fixed sentences of a
prompt cost one token each and a small context holds a whole forecasting question. The embedding has exactly
``len(tokenizer)`` rows: veRL masks padded rows in the rollout but not in training, which would show as a constant
gap between their log-probabilities.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """Learn a tokenizer from ``texts``; any other text is still encoded, byte by byte.

    Args:
        texts: prompts and answers, without the chat template's markers.
        vocabulary: number of tokens at most; at least 259 (the bytes and the special tokens).

    Returns:
        A ``transformers.PreTrainedTokenizerFast`` with the chat template of Qwen.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=8,
        max_token_length=400,
        show_progress=False,
    )
    # The role lines of the chat template belong to every text that the model will see.
    roles = [f"{role}\n" for role in ("system", "user", "assistant")] * 64
    tokenizer.train_from_iterator([*texts, *roles], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def build(folder: Path, texts: Iterable[str], settings: Mapping[str, Any], seed: int) -> Path:
    """Write a Hugging Face folder with a fresh model, unless one with the same settings is there.

    Args:
        folder: where the model goes; it appears whole or not at all.
        texts: what the tokenizer is learned from.
        settings: ``vocabulary``, ``layers``, ``width``, ``heads``, ``key_value_heads``, ``feed_forward``,
            ``context_length``.
        seed: of the weights.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = train_tokenizer(texts, int(settings["vocabulary"]))
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=int(settings["width"]),
        intermediate_size=int(settings["feed_forward"]),
        num_hidden_layers=int(settings["layers"]),
        num_attention_heads=int(settings["heads"]),
        num_key_value_heads=int(settings["key_value_heads"]),
        max_position_embeddings=int(settings["context_length"]),
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(config)
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    size = {"parameters": sum(weight.numel() for weight in model.parameters()), "tokens": len(tokenizer)}
    record = {"seed": seed, **size, **dict(settings)}
    (partial / "built.json").write_text(json.dumps(record, indent=1))
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return folder


def main() -> None:
    """``python -m src.models.tiny JSON``: build from the messages of an SFT parquet file; used by the launcher."""
    import pyarrow.parquet as pq

    request = json.loads(sys.argv[1])
    rows = pq.read_table(request["texts"], columns=["messages"])["messages"].to_pylist()
    texts = [message["content"] for row in rows for message in row]
    build(Path(request["folder"]), texts, request["settings"], request["seed"])


if __name__ == "__main__":
    main()
