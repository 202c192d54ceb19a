"""A question as a model reads it: its tokens, its images, and its length with the tokens that the images take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from src.errors import ConfigError
from src.tasks.images import opened, with_parts
from src.tasks.row import Message


@dataclass(frozen=True)
class Prompt:
    """One question.

    Args:
        tokens: with one placeholder for each image.
        images: Pillow images.
        length: in tokens, with all that the images take.
    """

    tokens: list[int]
    images: list[Any]
    length: int


@dataclass
class PromptReader:
    """Makes prompts as training does.

    Args:
        tokenizer: with a chat template.
        processor: the model's, where rows have images; ``load_processor`` gives it.
    """

    tokenizer: Any
    processor: Any = None
    _taken: dict[tuple[tuple[int, int], ...], int] = field(default_factory=dict)  # sizes -> what images add

    def read(self, messages: Sequence[Message], images: Sequence[bytes] = (), answered: bool = False) -> Prompt:
        """One row's prompt.

        Args:
            answered: the messages end with the answer; else its beginning is opened.

        Raises:
            DataError: an image that cannot be shown, or whose place is missing.
        """
        shown = [opened(image, self.processor.image_processor.patch_size) for image in images]
        chat = with_parts(messages, shown)
        template = self.processor if shown else self.tokenizer
        text = template.apply_chat_template(chat, add_generation_prompt=not answered, tokenize=False)
        tokens = list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        return Prompt(tokens, shown, len(tokens) + self._added(text, tokens, shown))

    def _added(self, text: str, tokens: Sequence[int], images: Sequence[Any]) -> int:
        if not images:
            return 0
        sizes = tuple(image.size for image in images)
        if sizes not in self._taken:  # the processor's own count, once for each combination
            expanded = self.processor(text=[text], images=list(images))["input_ids"][0]
            self._taken[sizes] = len(expanded) - len(tokens)
        return self._taken[sizes]


def load_processor(model: str) -> Any:
    """The processor of a model's folder or hub name.

    Raises:
        ConfigError: the model reads text only, or its processor cannot be loaded.
    """
    from transformers import AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(model)
    except Exception as error:  # broken files fail in many ways, all of them the user's to fix
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
        raise ConfigError(
            f"the processor of model {model} cannot be loaded ({reason}): the rows have images; copy its processor's "
            "files, too"
        ) from None
    if not hasattr(processor, "image_processor"):  # transformers gives the tokenizer alone
        raise ConfigError(f"model {model} reads text only, and the rows have images: choose a vision-language model")
    if processor.chat_template is None:
        raise ConfigError(f"the processor of model {model} has no chat template: add chat_template.jinja to its files")
    return processor
