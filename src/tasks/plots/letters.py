"""The letters of the fast renderer."""

import importlib.util
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Letters = ImageFont.FreeTypeFont
_LEAST = 5.0  # pixels; still longer texts are cut at the picture's edge


@lru_cache(256)
def letters(size: float) -> Letters:
    """DejaVu Sans, which matplotlib brings along; it is found without importing matplotlib.

    Args:
        size: in pixels.
    """
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def fitting(text: str, size: float, room: float) -> float:
    """The size at which a text has room: this one, or a smaller one where it is too long.

    Args:
        text: of one line.
        size: in pixels.
        room: in pixels.
    """
    while letters(size).getlength(text) > room and size > _LEAST:
        size *= 0.95  # widths are rounded to pixels: they do not shrink with the size alone
    return size


def height(of: Letters) -> int:
    """Of a line of text in pixels."""
    return round(sum(of.getmetrics()))
