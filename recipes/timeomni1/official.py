"""Answers as the paper's published scorer reads them, for figures that stand beside the paper's own.

It is looser than the recipe's grammar in most things, and stricter in some; both are reported, under names of their own
(``official_...``, and those of ``recipes.timeomni1.scoring``). Behaviour of the repository's ``eval``, October 2025:

    section    the first <answer> and what stands before the next </answer>, whatever else the response holds
    choice     the section without everything but ASCII letters and white space, in any case, is the right letter; an
               answer is there as soon as anything is left. ``(B)`` and ``**B**`` are right, ``Option B`` is wrong.
    forecast   what stands from the section's first ``[`` to the next ``]`` is a list as Python writes it, with as many
               values as asked. A list without brackets, or one separated by semicolons, is no answer.

A list that holds an infinity, or a size whose mean would be one, is no answer here; the published mean would be
infinite.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from src.tasks.choice.answer import MAX_CHARS
from src.tasks.forecast.metrics import mae
from src.tasks.row import Row
from src.tasks.scores import Metric, ratio
from src.tasks.task import Answer

_LARGEST = 1e290


@dataclass(frozen=True)
class TwiceRead(Answer):
    """What the recipe's grammar reads in a response, and what the published scorer reads in it.

    Args:
        official: the letters of a choice, or the values of a forecast; None where there is no answer.
    """

    official: str | list[float] | None = None


def read(row: Row, response: str) -> str | list[float] | None:
    """The answer of one response; None where the published scorer finds none. Never raises."""
    section = _section(response)
    if not section:
        return None
    if isinstance(row.truth, str):
        kept = "".join(sign for sign in section if (sign.isascii() and sign.isalpha()) or sign.isspace())
        return kept.strip().upper() if kept else None
    values = _list(section)
    return values if values is not None and len(values) == len(row.truth) else None


def metrics(rows: Sequence[Row], answers: Sequence[Answer], seed: int) -> dict[str, Metric]:
    """``official_success``, and ``official_acc`` or ``official_mae`` of valid answers, for the rows of one source."""
    kind = "acc" if isinstance(rows[0].truth, str) else "mae"
    valid: dict[int, float] = {}
    asked: dict[int, float] = {}
    total: dict[int, float] = {}
    for row, answer in zip(rows, answers, strict=True):
        value = answer.official if isinstance(answer, TwiceRead) else None
        for sums, one in ((asked, 1.0), (valid, float(value is not None)), (total, _value(row, value))):
            sums[row.index] = sums.get(row.index, 0.0) + one
    return {
        "official_success": ratio(list(valid.values()), list(asked.values()), seed),
        f"official_{kind}": ratio(list(total.values()), list(valid.values()), seed),
    }


def _value(row: Row, found: Any) -> float:
    """1 for the right letter, or the MAE; 0 where there is no answer, which then has no weight."""
    if found is None:
        return 0.0
    return float(found == row.truth) if isinstance(row.truth, str) else mae(found, row.truth)


def _section(response: object) -> str | None:
    if not isinstance(response, str) or len(response) > MAX_CHARS:
        return None
    _, opened, rest = response.partition("<answer>")
    body, closed, _ = rest.partition("</answer>")
    return body.strip() if opened and closed else None


def _list(section: str) -> list[float] | None:
    _, opened, rest = section.partition("[")
    body, closed, _ = rest.partition("]")
    if not (opened and closed):
        return None
    try:
        values = [float(value) for value in ast.literal_eval(f"[{body}]")]
    except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError):
        return None
    return values if all(abs(value) < _LARGEST for value in values) else None  # false for NaN
