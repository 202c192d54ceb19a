"""The contact sheet of a built dataset: what a model will look at, for a person to look at first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from itertools import chain, zip_longest
from pathlib import Path

from PIL import Image

from src.errors import DataError
from src.tasks.files import write_data
from src.tasks.plots.sheet import contact_sheet
from src.tasks.plots.tokens import image_tokens
from src.tasks.row import Row
from src.tasks.stored import has_images, rows_at, truths

NAME = "preview.png"


def write_preview(rows: Path, count: int) -> Path:
    """Write ``preview.png`` beside a file of rows, and return its path.

    The rows are spread over the answers: the first of each in turn, then the second of each, and so on. Captions, which
    are no part of the pictures, say row, answer, size and price.

    Args:
        rows: what ``build`` has written, such as ``train.parquet``.
        count: rows to show.

    Raises:
        DataError: the rows have no images, or one of them is no picture.
    """
    if not has_images(rows):
        raise DataError(f"the rows of {rows} have no images: leave preview= out for this dataset")
    order, shown = spread(truths(rows)), list[Row]()
    while order and len(shown) < count:  # text rows may stand among them
        shown += [row for row in rows_at(rows, order[:count]) if row.images]
        order = order[count:]
    target = rows.with_name(NAME)
    write_data(target, contact_sheet([(row.images, _caption(row)) for row in shown[:count]]))
    return target


def spread(answers: Sequence[str]) -> list[int]:
    """The places of all rows, the different answers in turn."""
    by_answer: dict[str, list[int]] = {}
    for place, answer in enumerate(answers):
        by_answer.setdefault(answer, []).append(place)
    turns = zip_longest(*by_answer.values())
    return [place for place in chain.from_iterable(turns) if place is not None]


def _caption(row: Row) -> str:
    """Such as ``train 17: Gun (224 x 28, 8 tokens)``."""
    truth = row.truth if isinstance(row.truth, str) else json.dumps(row.truth)
    sizes = [_size(row, png) for png in row.images]
    price = sum(image_tokens(*size) for size in sizes)
    named = ", ".join(f"{width} x {height}" for width, height in dict.fromkeys(sizes))
    return f"{row.split} {row.index}: {truth} ({named}, {price} tokens)"


def _size(row: Row, png: bytes) -> tuple[int, int]:
    try:
        with Image.open(BytesIO(png)) as image:
            image.load()
            return image.size
    except OSError as error:
        raise DataError(
            f"an image of row {row.index} of {row.source} does not decode ({error}): build the dataset again"
        ) from None
