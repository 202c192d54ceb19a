"""What a model's chat template writes of an answer before the model does.

The templates of reasoning models end their generation prompt in ``<think>``, or in an empty section where thinking is
turned off: the response that the model samples is only the rest of the answer, which begins in the prompt. Whatever
reads or scores a response puts that beginning before it, so that one grammar serves all models.
"""

from __future__ import annotations

import re
from typing import Any

from src.errors import ConfigError

_BEGUN = re.compile(r"<think>\s*(?:</think>\s*)?\Z")


def begun_in(prompt: str) -> str:
    """The beginning of the answer that a prompt ends in; empty for most prompts.

    >>> begun_in("Forecast. <|Assistant|><think>")
    '<think>'
    """
    found = _BEGUN.search(prompt)
    return found[0] if found else ""


def begun_by(tokenizer: Any, **options: Any) -> str:
    """The same for every prompt of a model.

    Args:
        tokenizer: transformers' tokenizer or processor; one without a chat template begins nothing.
        options: of its template, such as ``enable_thinking`` (``data.apply_chat_template_kwargs``).
    """
    if tokenizer.chat_template is None:
        return ""
    question = [{"role": "user", "content": "?"}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, tokenize=False, **options)
    return begun_in(prompt)


def begun_by_model(model: str) -> str:
    """The same for a model's folder or hub name, of which its tokenizer is loaded.

    Raises:
        ConfigError: it has none that can be loaded.
    """
    from transformers import AutoTokenizer  # late: it takes seconds

    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
    except Exception as error:  # broken files fail in many ways, all of them the user's to fix
        reason = " ".join(str(error).split()).rstrip(".")
        raise ConfigError(f"the tokenizer of model={model} cannot be loaded ({reason}): correct model=") from None
    return begun_by(tokenizer)
