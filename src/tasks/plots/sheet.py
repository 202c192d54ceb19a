"""A contact sheet: many pictures in one, each with a caption below it, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from src.tasks.plots.letters import height, letters

_WIDTH = 1240  # of the sheet in pixels, unless one picture is wider
_GAP = 12
_LEAST = 300  # smaller pictures are shown enlarged, so that their pixels can be seen
_PAPER, _INK = "#e8e8e8", "#000000"


def contact_sheet(pictures: Sequence[tuple[Sequence[bytes], str]]) -> bytes:
    """One PNG of all.

    Args:
        pictures: of each row its images, which are put below each other, and its caption.
    """
    small = letters(12.0)
    line = height(small)
    cells = [([_shown(png) for png in images], caption) for images, caption in pictures]
    wide = max(image.width for images, _ in cells for image in images)
    columns = max(1, (_WIDTH - _GAP) // (wide + _GAP))
    rows = [cells[first : first + columns] for first in range(0, len(cells), columns)]
    deep = [max(sum(image.height + 2 for image in images) for images, _ in row) + line + _GAP for row in rows]
    sheet = Image.new("RGB", (columns * (wide + _GAP) + _GAP, sum(deep) + _GAP), _PAPER)
    pen, top = ImageDraw.Draw(sheet), _GAP
    for row, high in zip(rows, deep, strict=True):
        for column, (images, caption) in enumerate(row):
            left, down = _GAP + column * (wide + _GAP), top
            for image in images:
                sheet.paste(image, (left, down))
                down += image.height + 2
            while caption and small.getlength(caption) > wide:
                caption = caption[:-2].rstrip("…") + "…"
            pen.text((left, down), caption, _INK, small)
        top += high
    file = BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _shown(png: bytes) -> Image.Image:
    """A picture, pixel by pixel as it is; a small one with every pixel enlarged alike."""
    with Image.open(BytesIO(png)) as image:
        picture = image.convert("RGB")
    times = max(1, -(-_LEAST // picture.width))
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
