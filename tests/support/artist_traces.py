"""Turns of ARTIST that a model learns by heart in 160 steps: one of three, by the end of the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artist_play import DONE, answer, zoom

from recipes.artist.prompt import controller_prompt, reasoner_prompt
from recipes.artist.task import Artist
from src.tasks.build import write_traces
from src.tasks.row import Row, Trace


def by_heart(dataset: Mapping[str, Any], file: Path, count: int = 96) -> Path:
    """Write SFT rows: read the first day, answer A, accept.

    Args:
        dataset: the node, of the short form.
    """
    task = Artist(dataset, log=lambda line: None)
    rows, view, first = task.rows("train"), task.typed.view, (0, 9)
    traces = []
    for number in range(count):
        row = rows[number % len(rows)]
        (question,) = task.questions_of([row])
        prompt, said = (
            (controller_prompt(question, [], None, view), zoom(*first)),
            (reasoner_prompt(question, [first], view), answer("A")),
            (controller_prompt(question, [first], answer("A"), view), DONE),
        )[number % 3]
        traces.append(Trace(Row(row.source, row.task, "sft", number, prompt[0], row.truth, row.info, prompt[1]), said))
    write_traces(traces, file)
    return file
