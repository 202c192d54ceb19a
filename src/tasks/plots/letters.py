"""The letters of the fast renderer."""

import importlib.util
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Letters = ImageFont.FreeTypeFont


@lru_cache
def letters(size: float) -> Letters:
    """DejaVu Sans, which matplotlib brings along; it is found without importing matplotlib.

    Args:
        size: in pixels.
    """
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def height(of: Letters) -> int:
    """Of a line of text in pixels."""
    return round(sum(of.getmetrics()))
