"""The plain question: what is shown, the classes by name, and the form of the answer. A recipe writes its own."""

from __future__ import annotations

from collections.abc import Mapping

from data_pipelines.labelled.sample import LabelledSample

IMAGE = "<image>"


def render(
    one: LabelledSample, *, title: str, description: str | None, hints: Mapping[str, str], show: str, digits: int
) -> str:
    """The user's message.

    Args:
        description: of the data, one or more sentences.
        hints: what some classes look like, by name.
        show: ``plot``, ``numbers`` or ``both``.
        digits: significant ones of each number.
    """
    parts = [IMAGE] if show != "numbers" else []
    parts.append((description or f"A series of {title}.").strip())
    parts.append(described(one))
    if show != "plot":
        parts.append(numbers(one, digits))
    classes = "\n".join(f"- {name}: {hints[name]}" if name in hints else f"- {name}" for name in one.classes)
    parts.append(f"Which of these classes is it?\n{classes}")
    parts.append("Reason inside <think> </think>, then name exactly one class inside <class> </class>.")
    return "\n".join(parts)


def described(one: LabelledSample) -> str:
    """Length, channels and rate in one sentence."""
    count, steps = one.values.shape
    what = f"{count} channels ({', '.join(one.channels)}) of {steps} steps" if count > 1 else f"{steps} steps"
    rate = f", {one.rate:g} a second" if one.rate is not None else ""
    return f"It has {what}{rate}."


def numbers(one: LabelledSample, digits: int) -> str:
    """The values as text, one line for each channel."""
    names = one.channels or ("values",)
    return "\n".join(
        f"{name}: {', '.join(f'{value:.{digits}g}' for value in channel)}"
        for name, channel in zip(names, one.values, strict=True)
    )
