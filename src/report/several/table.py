"""A table of words, for the terminal and for markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows of cells below a header; ``notes`` are the sentences that belong to it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default_factory=list)


def text(tables: Sequence[Table]) -> str:
    """The tables in columns as wide as they need to be: a number that is folded or cut cannot be read."""
    blocks = []
    for table in tables:
        lines = [table.header, *table.rows] if table.rows else []
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = ["  ".join(_aligned(cells, widths)).rstrip() for cells in lines]
        blocks.append("\n".join([table.title, *shown, *table.notes]))
    return "\n\n".join(blocks) + "\n"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names to the left, figures to the right."""
    return [
        cell.ljust(width) if place < 2 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]


def markdown(tables: Sequence[Table]) -> str:
    """The tables as pipe tables under bold titles."""
    blocks = []
    for table in tables:
        lines = [_line(table.header), "|".join(["", *["---"] * len(table.header), ""]), *map(_line, table.rows)]
        parts = [f"**{table.title}**", *(["\n".join(lines)] if table.rows else []), *table.notes]
        blocks.append("\n\n".join(parts))
    return "\n\n".join(blocks) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
