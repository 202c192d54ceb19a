"""What chat templates write of an answer: the ends of those of DeepSeek-R1 and Qwen3, and of others."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from src.errors import ConfigError
from src.models.tiny import CHAT_TEMPLATE, make_tokenizer
from src.tasks.template import begun_by, begun_by_model, begun_in

# Their generation prompts end as those of the models' own templates (with | for DeepSeek's wide bars):
# deepseek-ai/DeepSeek-R1-Distill-Qwen-7B, Qwen/Qwen3-4B-Thinking-2507 and Qwen/Qwen3-8B.
DEEPSEEK = (
    "{% for message in messages %}{{ '<|User|>' + message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|Assistant|><think>\\n' }}{% endif %}"
)
QWEN3_THINKING = CHAT_TEMPLATE.replace("'<|im_start|>assistant\n'", "'<|im_start|>assistant\n<think>\n'")
QWEN3 = CHAT_TEMPLATE.replace(
    "{% endif %}",
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{% endif %}",
)


def tokenizer(template: str | None) -> Any:
    made = make_tokenizer(["1 2 3"], 0)
    made.chat_template = template
    return made


@pytest.mark.parametrize(
    ("template", "options", "begun"),
    [
        (DEEPSEEK, {}, "<think>\n"),
        (QWEN3_THINKING, {}, "<think>\n"),
        (QWEN3, {}, ""),
        (QWEN3, {"enable_thinking": True}, ""),
        (QWEN3, {"enable_thinking": False}, "<think>\n\n</think>\n\n"),
        (CHAT_TEMPLATE, {}, ""),
        (None, {}, ""),
    ],
)
def test_what_a_template_has_begun(template: str | None, options: dict[str, bool], begun: str) -> None:
    assert begun_by(tokenizer(template), **options) == begun


def test_only_the_end_of_a_prompt_begins_an_answer() -> None:
    assert begun_in("Reason inside <think> and </think>.\nassistant\n") == ""
    assert begun_in("Reason inside <think> and </think>") == ""
    assert begun_in("<think>one</think>\n<think>") == "<think>"


def test_it_is_known_from_a_models_folder(tmp_path: Path) -> None:
    tokenizer(QWEN3_THINKING).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    assert begun_by_model(str(tmp_path)) == "<think>\n"
    with pytest.raises(ConfigError, match=r"the tokenizer of model=/no/such cannot be loaded .*: correct model="):
        begun_by_model("/no/such")


def test_a_processor_of_images_is_asked_as_a_tokenizer_is() -> None:
    asked: list[Any] = []

    def apply(messages: Any, **options: Any) -> str:
        asked.append((messages, options))
        return "assistant<think>"

    processor = SimpleNamespace(chat_template="...", apply_chat_template=apply)
    assert begun_by(processor, enable_thinking=True) == "<think>"
    assert asked == [
        (
            [{"role": "user", "content": "?"}],
            {"add_generation_prompt": True, "tokenize": False, "enable_thinking": True},
        )
    ]
