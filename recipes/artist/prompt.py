"""The prompts of both roles. What stays the same comes first, so that one role's prompts share their beginnings.

A controller's prompt is the same up to the list of segments in every round of a session, and a reasoner's grows by a
segment a round. The wording is our own; what each role is told is the published prompts' (paper, appendix), but for
intervals, which are half-open everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from recipes.artist import views
from recipes.artist.decision import ARGUMENT, TOOL
from recipes.artist.question import Interval, Question
from recipes.artist.views import Shown, ViewSettings

_MOST_CHARS = 4000  # of a reasoner's answer that the controller is shown

Messages = list[dict[str, str]]

_SCHEMA = {
    "type": "function",
    "function": {
        "name": TOOL,
        "description": "Shows one segment of the time series at its finest resolution.",
        "parameters": {
            "type": "object",
            "properties": {
                ARGUMENT: {
                    "type": "array",
                    "items": {"type": "integer"},
                    "description": "[start, end), half-open: start is the first step shown, end the one behind the "
                    "last; 0 <= start < end <= length.",
                }
            },
            "required": [ARGUMENT],
        },
    },
}
# The form of tool calls that Qwen's chat templates write.
CONTROLLER = f"""You choose which segments of a time series are looked at, so that a question about it can be answered.

# Tools

You may call one function to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{json.dumps(_SCHEMA)}
</tools>

You see an overview of the series and never its segments. Someone else, who sees the segments and never the overview, \
answers from them; you see the answer. Each turn, write one short sentence inside <think> </think>, and then either
- call the function once, with integers and without arithmetic, to have one more segment looked at:
<tool_call>
{{"name": "{TOOL}", "arguments": {{"{ARGUMENT}": [start, end]}}}}
</tool_call>
- or, once there is an answer that the segments support, accept it: <answer>ACCEPT</answer>"""
REASONER = """You answer a question about a time series from segments of it, the only ones that you are shown. Their \
intervals [start, end) are half-open: the step end is not in the segment. Write one or two sentences inside \
<think> </think>, which name the segments that decide by their numbers and say so where they do not suffice; then \
write the single capital letter of one option inside <answer> </answer>."""


def controller_prompt(
    question: Question, segments: Sequence[Interval], last_answer: str | None, settings: ViewSettings
) -> tuple[Messages, tuple[bytes, ...]]:
    """What the controller is asked.

    Args:
        segments: so far, in the order in which they were read.
        last_answer: the reasoner's completion to the word; None in the first round, which cannot accept.

    Returns:
        Messages, and the images that their ``<image>`` stand for.
    """
    whole = views.overview(question, settings)
    if settings.view == "letters":
        lines = [_short(question), "Overview.", whole.text]
        if last_answer is not None:
            read = "".join(views.named(question, one, settings) for one in segments)
            lines += [f"Read so far: {read}", "Answer from it:", _quoted(last_answer)]
        lines.append("Zoom into a bin or accept the answer." if last_answer is not None else "Zoom into a bin.")
        return _user(lines), whole.images
    lines = [_asked(question), f"The series has {question.length} steps.", whole.text]
    if segments:
        lines.append("Segments that were looked at:")
        lines += [f"Segment {place + 1}: {views.named(question, one, settings)}" for place, one in enumerate(segments)]
    if last_answer is None:
        lines.append("Call the function for the first segment.")
    else:
        lines += [
            "The answer from these segments:",
            f"```\n{_quoted(last_answer)}\n```",
            "Judge whether these segments support it. Call the function for one more segment, or accept.",
        ]
    return [{"role": "system", "content": CONTROLLER}, *_user(lines)], whole.images


def reasoner_prompt(
    question: Question, segments: Sequence[Interval], settings: ViewSettings
) -> tuple[Messages, tuple[bytes, ...]]:
    """What the reasoner is asked: the question and the segments so far, nothing else of the series or the session."""
    shown = views.segments(question, segments, settings)
    if settings.view == "letters":
        return _user([_short(question), shown.text, "Answer from these segments only."]), shown.images
    return [{"role": "system", "content": REASONER}, *_user([_asked(question), shown.text])], shown.images


def overview_prompt(question: Question, settings: ViewSettings) -> tuple[Messages, tuple[bytes, ...]]:
    """The reasoner's question with the overview in place of segments: the baseline that never looks closer."""
    return _alone(question, views.overview(question, settings), settings)


def blind_prompt(question: Question, settings: ViewSettings) -> tuple[Messages, tuple[bytes, ...]]:
    """The reasoner's question without anything of the series."""
    return _alone(question, Shown("No segment is shown." if settings.view != "letters" else ""), settings)


def _alone(question: Question, shown: Shown, settings: ViewSettings) -> tuple[Messages, tuple[bytes, ...]]:
    if settings.view == "letters":
        return _user([_short(question), *([shown.text] if shown.text else []), "Answer."]), shown.images
    return [{"role": "system", "content": REASONER}, *_user([_asked(question), shown.text])], shown.images


def _user(lines: Sequence[str]) -> Messages:
    return [{"role": "user", "content": "\n".join(lines)}]


def _asked(question: Question) -> str:
    about = [question.about] if question.about else []
    options = [f"{letter}. {text}" for letter, text in question.options.items()]
    return "\n".join([f"Question: {question.text}", *about, *options])


def _short(question: Question) -> str:
    options = " ".join(f"({letter}) {text}" for letter, text in question.options.items())
    return f"Question: {question.text} {options}"


def _quoted(answer: str) -> str:
    """What the reasoner wrote, as words: it can neither open a place for an image nor fill the prompt."""
    return answer[:_MOST_CHARS].replace(views.IMAGE, "< image >").strip()
