"""The two system prompts (choice, forecast), and the answers that SFT imitates. The wording is our own.

``answer_only`` leaves the reasoning out of both: the paper's ANS-SFT ablation.
"""

from __future__ import annotations

from collections.abc import Sequence

from recipes.timeomni1.item import Item

_LETTER = "the single upper-case letter of the right option inside <answer> and </answer>"
_LIST = "the predicted values, in order, as a list in brackets inside <answer> and </answer>"
SYSTEM = {
    "choice": "Output format: reason step by step inside <think> and </think>, until the reasoning justifies the "
    f"answer; then give {_LETTER}.",
    "forecast": "Output format: first think inside <think> and </think> about what the events change; then give "
    f"{_LIST}.",
}
SYSTEM_ANSWER_ONLY = {"choice": f"Output format: give {_LETTER}.", "forecast": f"Output format: give {_LIST}."}

Messages = list[dict[str, str]]


def question(item: Item, *, answer_only: bool = False) -> Messages:
    """The messages that ask the question."""
    system = (SYSTEM_ANSWER_ONLY if answer_only else SYSTEM)["choice" if item.options else "forecast"]
    return [{"role": "system", "content": system}, {"role": "user", "content": item.question}]


def overruled(item: Item, solver: str, words: str) -> str:
    """A trace that reasons, and then does not trust it: a rule of thumb decides, whose answer is the solver's."""
    answer = _write(item.shortcuts[solver], item)
    return f"<think>{item.rationale} But {words}, so {answer}.</think>\n<answer>{answer}</answer>"


def response(item: Item, *, answer_only: bool = False) -> str:
    """The answer to imitate.

    A reasoned forecast ends in the reasoning's own values, never in the truth, which no reasoning could reach;
    without reasoning there is nothing but the truth to imitate.
    """
    if answer_only:
        return f"<answer>{_write(item.answer, item)}</answer>"
    return f"<think>{item.rationale}</think>\n<answer>{_write(item.oracle, item)}</answer>"


def _write(answer: str | Sequence[float], item: Item) -> str:
    if isinstance(answer, str):
        return answer
    decimals = int(item.info.get("decimals", 0))
    return "[" + ",".join(f"{round(value, decimals) + 0.0:.{decimals}f}" for value in answer) + "]"
