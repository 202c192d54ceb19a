"""One question, as every part of the project sees it, and its columns in the files that veRL reads.

The files have one schema for all tasks, so that rows of any of them stand in one batch: what differs from task to task,
the truth and what a reward needs to know, is JSON text there and plain Python everywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, str]  # ``role`` and ``content``; ``<image>`` in the content stands for the next image


@dataclass(frozen=True)
class Row:
    """A question.

    Args:
        source: what it is scored with (veRL's ``data_source``): a dataset, or a task in or out of distribution.
        task: the kind of question among those that are trained jointly; metrics are given for each. Empty: there is
            one kind only.
        split: ``train``, ``val`` or ``test``.
        index: of the question within its split.
        messages: the prompt.
        truth: the right answer, any JSON value: a letter, a list of numbers. The reward and the score read it here.
        info: what else they need (JSON values): the history of a forecast, the number of options. ``terms``, where
            given, lists the reward terms that this row can earn.
        images: PNG files, in the order of the prompt's ``<image>``.
    """

    source: str
    task: str
    split: str
    index: int
    messages: Sequence[Message]
    truth: Any
    info: Mapping[str, Any] = field(default_factory=dict)
    images: Sequence[bytes] = ()

    def columns(self) -> dict[str, Any]:
        """The row as veRL's RL dataset reads it."""
        return {
            "data_source": self.source,
            "ability": self.task,
            "prompt": [dict(message) for message in self.messages],
            "images": _as_structs(self.images),
            "reward_model": {"style": "rule", "ground_truth": as_text(self.truth)},
            "extra_info": self._extra_info(),
        }

    def _extra_info(self) -> dict[str, Any]:
        return {"index": self.index, "split": self.split, "task": self.task, "info": as_text(dict(self.info))}

    @classmethod
    def of_columns(
        cls,
        data_source: str,
        ground_truth: str,
        extra_info: Mapping[str, Any],
        prompt: Sequence[Message] = (),
        images: Sequence[Mapping[str, bytes]] = (),
    ) -> Row:
        """The row that these columns hold; what a reward function is not given (prompt, images) may be left out."""
        return cls(
            source=data_source,
            task=extra_info["task"] or "",
            split=extra_info["split"],
            index=int(extra_info["index"]),
            messages=prompt,
            truth=json.loads(ground_truth),
            info=json.loads(extra_info["info"]),
            images=tuple(one["bytes"] for one in images),
        )


@dataclass(frozen=True)
class Trace:
    """A question with an answer to imitate, for SFT."""

    row: Row
    answer: str

    def columns(self) -> dict[str, Any]:
        """The trace as veRL's multi-turn SFT dataset reads it."""
        reply = {"role": "assistant", "content": self.answer}
        return {
            "data_source": self.row.source,
            "messages": [*(dict(message) for message in self.row.messages), reply],
            "images": _as_structs(self.row.images),
            "extra_info": self.row._extra_info(),
        }

    @classmethod
    def of_columns(
        cls,
        data_source: str,
        messages: Sequence[Message],
        extra_info: Mapping[str, Any],
        images: Sequence[Mapping[str, bytes]] = (),
    ) -> Trace:
        """The trace that these columns hold; they do not hold the truth, which is None."""
        *asked, reply = messages
        return cls(Row.of_columns(data_source, "null", extra_info, asked, images), reply["content"])


def _as_structs(images: Sequence[bytes]) -> list[dict[str, bytes]]:
    """Images as veRL takes them: bytes alone it refuses."""
    return [{"bytes": image} for image in images]


def as_text(value: Any) -> str:
    """A JSON value as text; floats come back to the last bit.

    Raises:
        ValueError: it holds a number that is not finite, or something that JSON does not know.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from None
