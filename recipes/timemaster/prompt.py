"""TimeMaster's question as text: the plot, what it shows, the classes, and the three sections of the answer.

The order is that of the published prompts (CTU's, and EMG's in the framework figure); the wording is our own.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_pipelines.labelled.prompt import IMAGE, described, numbers
from data_pipelines.labelled.sample import LabelledSample

ADVICE = "what to do about it"


def render(
    one: LabelledSample,
    *,
    title: str,
    description: str | None,
    hints: Mapping[str, str],
    show: str,
    digits: int,
    extension: bool,
    advice: str | None = None,
) -> str:
    """The user's message.

    Args:
        description: of the data, one or more sentences.
        hints: what some classes look like, by name.
        show: ``plot``, ``numbers`` or ``both``.
        digits: significant ones of each number.
        extension: whether one is asked for.
        advice: what it is to hold; None: ``ADVICE``.
    """
    lines = [IMAGE] if show != "numbers" else []
    lines.append(f"{(description or f'A series of {title}.').strip()} {described(one)}")
    if show != "plot":
        lines.append(numbers(one, digits))
    lines.append("Classify it as one of:")
    lines += [f'- "{name}": {hints[name]}' if name in hints else f'- "{name}"' for name in one.classes]
    last = f"; finally give {advice or ADVICE} inside <extension> </extension>" if extension else ""
    lines.append(f"Reason step by step inside <think> </think>; then name one class inside <class> </class>{last}.")
    return "\n".join(lines)
