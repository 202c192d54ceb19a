"""A small Qwen2.5-VL with random weights, a processor and a tokenizer of its own: a run on plots needs no download.

The tokenizer is that of ``src.models.tiny`` with the tokens that stand for images. White pixels are zeros after the
processor's normalisation, so that the empty parts of a plot say nothing: a model from scratch then learns about twice
as fast. Merging is 2 x 2 patches, which qwen-vl-utils has fixed, and an image has 4 tokens at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from src.models import tiny

IMAGE = "<image>"  # in a row's message; the processor puts tokens in its place
IMAGE_TOKEN, VIDEO_TOKEN = "<|image_pad|>", "<|video_pad|>"
# Special ones, all of them: veRL decodes without special tokens and gives the text to the processor again.
SPECIAL_TOKENS = (*tiny.SPECIAL_TOKENS, "<|vision_start|>", "<|vision_end|>", IMAGE_TOKEN, VIDEO_TOKEN)
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}"
    "{{ '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MERGE, FRAMES, LEAST_TOKENS = 2, 2, 4


def make_processor(texts: Iterable[str], settings: Mapping[str, Any]) -> Any:
    """A Qwen2.5-VL processor around a tokenizer that is learned from ``texts``.

    Args:
        settings: as of ``build``.
    """
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    pieces = (piece for text in texts for piece in text.split(IMAGE))
    tokenizer = tiny.make_tokenizer(pieces, int(settings["phrases"]), 1, SPECIAL_TOKENS, CHAT_TEMPLATE)
    vision = settings["vision"]
    patch = int(vision["patch_size"])
    pixels = {
        "patch_size": patch,
        "merge_size": MERGE,
        "temporal_patch_size": FRAMES,
        "image_mean": [float(vision["mean"])] * 3,
        "image_std": [float(vision["std"])] * 3,
        "size": {"shortest_edge": LEAST_TOKENS * (patch * MERGE) ** 2, "longest_edge": int(vision["max_pixels"])},
    }
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**pixels),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**pixels),
        chat_template=CHAT_TEMPLATE,
    )


def build(folder: Path, texts: Iterable[str], settings: Mapping[str, Any], seed: int) -> Path:
    """Write a Hugging Face folder with a fresh model and its processor.

    Args:
        folder: where the model goes; it appears whole or not at all.
        texts: what the tokenizer is learned from.
        settings: those of ``src.models.tiny.build``, and ``vision``: ``layers``, ``width``, ``heads``,
            ``feed_forward``, ``patch_size`` (pixels), ``max_pixels`` of an image (larger ones are scaled down), and
            ``mean`` and ``std`` of its normalisation (of values from 0, black, to 1, white).
        seed: of the weights.
    """
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    processor = make_processor(texts, settings)
    tokenizer, vision = processor.tokenizer, settings["vision"]
    spread, width, heads = (
        float(settings.get("initializer_range", 0.02)),
        int(settings["width"]),
        int(settings["heads"]),
    )
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": int(settings["feed_forward"]),
        "num_hidden_layers": int(settings["layers"]),
        "num_attention_heads": heads,
        "num_key_value_heads": int(settings["key_value_heads"]),
        "max_position_embeddings": int(settings["context_length"]),
        "max_window_layers": int(settings["layers"]),
        "initializer_range": spread,
        "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": sections(width // heads)},
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    looks = {
        "depth": int(vision["layers"]),
        "hidden_size": int(vision["width"]),
        "num_heads": int(vision["heads"]),
        "intermediate_size": int(vision["feed_forward"]),
        "patch_size": int(vision["patch_size"]),
        "spatial_merge_size": MERGE,
        "temporal_patch_size": FRAMES,
        "out_hidden_size": width,
        "fullatt_block_indexes": list(range(int(vision["layers"]))),
        "initializer_range": spread,
    }
    names = {
        "image": IMAGE_TOKEN,
        "video": VIDEO_TOKEN,
        "vision_start": "<|vision_start|>",
        "vision_end": "<|vision_end|>",
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=looks,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
        **{f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in names.items()},
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Qwen2_5_VLForConditionalGeneration(config)
    return tiny.save(folder, model, processor, len(tokenizer), settings, seed)


def sections(head: int) -> list[int]:
    """How half a head's dimension is shared by the positions in time, height and width; 16, 24, 24 of 128 as published.

    >>> sections(128), sections(32)
    ([16, 24, 24], [4, 6, 6])
    """
    side = 3 * head // 16
    return [head // 2 - 2 * side, side, side]


def main() -> None:
    """``python -m src.models.tiny_vl JSON``: as ``src.models.tiny``."""
    tiny.main(build)


if __name__ == "__main__":
    main()
