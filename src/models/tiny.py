"""A small Qwen2 with random weights and a tokenizer of its own, so that a run needs no download.

The tokenizer knows the bytes, and the fixed phrases of the run's own prompts and answers as one token each, so that a
small context holds a whole forecasting question. Every digit is a token, and the model sees a number as its digits; or
numbers are tokens, as in Llama 3, whose tokenizer takes up to three digits at once: to copy one is then one step. The
embedding has exactly ``len(tokenizer)`` rows: veRL masks padded rows in the rollout but not in training, which would
show as a constant gap between their log-probabilities.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

MIN_COUNT = 2
# Digits, and letters that stand alone and name something: an option, a row of a table. Such a name is the same token
# wherever it stands, and can be looked up. A letter before a word, as in "a day" or "X feeds", is part of a phrase.
_BETWEEN = re.compile(r"[0-9]|(?<![A-Za-z])[A-Za-z](?![A-Za-z]| [A-Za-z]{2})")
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def fixed_phrases(texts: Iterable[str], limit: int) -> list[str]:
    """The pieces of text between digits and names that come back most often, the longest gain first.

    Args:
        texts: prompts and answers.
        limit: number of phrases at most.

    Returns:
        Phrases of two characters or more that occur at least ``MIN_COUNT`` times, ordered by the tokens they save.
    """
    counts = Counter(piece for text in texts for piece in _BETWEEN.split(text) if len(piece) > 1)
    common = [(count * (len(piece) - 1), piece) for piece, count in counts.items() if count >= MIN_COUNT]
    return [piece for _saved, piece in sorted(common, reverse=True)[:limit]]


def whole_numbers(texts: Iterable[str], digits: int) -> list[str]:
    """The runs of 2 to ``digits`` digits of ``texts``, in order."""
    return sorted({run for text in texts for run in re.findall("[0-9]+", text) if 1 < len(run) <= digits})


def make_tokenizer(
    texts: Iterable[str],
    phrases: int,
    digits: int = 1,
    special_tokens: Sequence[str] = SPECIAL_TOKENS,
    chat_template: str = CHAT_TEMPLATE,
) -> Any:
    """A Qwen2 tokenizer with bytes, the fixed phrases and the numbers of ``texts``; it encodes any text.

    Args:
        texts: prompts and answers.
        phrases: number of phrases at most.
        digits: of a number that is one token; a longer one, and one that ``texts`` has not, is cut into what there is.

    Phrases are added tokens: transformers gives every ``qwen2`` model Qwen2's own way of splitting text into words,
    which merges cannot cross.
    """
    from tokenizers import AddedToken
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    alphabet = sorted(ByteLevel.alphabet())
    tokenizer = Qwen2Tokenizer(
        vocab={symbol: index for index, symbol in enumerate([*special_tokens, *alphabet])},
        merges=[],
        unk_token=None,
        bos_token=None,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=[token for token in special_tokens if token not in ("<|im_end|>", "<|endoftext|>")],
        chat_template=chat_template,
        clean_up_tokenization_spaces=False,
    )
    texts = list(texts)
    roles = [f"{role}\n" for role in ("system", "user", "assistant")]
    found = [*roles, *fixed_phrases(texts, phrases), *whole_numbers(texts, digits)]
    tokenizer.add_tokens([AddedToken(phrase, normalized=False, special=False) for phrase in dict.fromkeys(found)])
    return tokenizer


def build(folder: Path, texts: Iterable[str], settings: Mapping[str, Any], seed: int) -> Path:
    """Write a Hugging Face folder with a fresh model.

    Args:
        folder: where the model goes; it appears whole or not at all.
        texts: what the tokenizer is learned from.
        settings: ``phrases``, ``digits`` (1 where it is left out), ``layers``, ``width``, ``heads``,
            ``key_value_heads``, ``feed_forward``, ``context_length``, and ``initializer_range``, the standard
            deviation of the weights (0.02, as for large models, where it is left out).
        seed: of the weights.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = make_tokenizer(texts, int(settings["phrases"]), int(settings.get("digits", 1)))
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=int(settings["width"]),
        intermediate_size=int(settings["feed_forward"]),
        num_hidden_layers=int(settings["layers"]),
        num_attention_heads=int(settings["heads"]),
        num_key_value_heads=int(settings["key_value_heads"]),
        max_position_embeddings=int(settings["context_length"]),
        initializer_range=float(settings.get("initializer_range", 0.02)),
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(config)
    return save(folder, model, tokenizer, len(tokenizer), settings, seed)


def save(folder: Path, model: Any, processor: Any, tokens: int, settings: Mapping[str, Any], seed: int) -> Path:
    """Write a model with its tokenizer or processor, and ``built.json``; the folder appears whole or not at all."""
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    model.save_pretrained(partial)
    processor.save_pretrained(partial)
    size = {"parameters": sum(weight.numel() for weight in model.parameters()), "tokens": tokens}
    record = {"seed": seed, **size, **dict(settings)}
    (partial / "built.json").write_text(json.dumps(record, indent=1))
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return folder


def main(build: Callable[..., Path] = build) -> None:
    """``python -m src.models.tiny JSON``: build from the messages of SFT parquet files; used by the launcher."""
    import pyarrow.parquet as pq

    request = json.loads(sys.argv[1])
    texts = []
    for file in request["texts"]:
        said = "messages" if "messages" in pq.read_schema(file).names else "prompt"  # SFT rows, or RL's
        rows = pq.read_table(file, columns=[said])[said].to_pylist()
        texts += [message["content"] for row in rows for message in row]
    build(Path(request["folder"]), texts, request["settings"], request["seed"])


if __name__ == "__main__":
    main()
