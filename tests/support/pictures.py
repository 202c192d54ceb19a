"""What is in a picture, for tests: its pixels, its parts as a file, and the words that were written into it."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def pixels(png: bytes) -> NDArray[np.uint8]:
    """(height, width, 3)."""
    with Image.open(BytesIO(png)) as image:
        assert image.mode == "RGB"
        return np.asarray(image)


def chunks(png: bytes) -> list[str]:
    """The kinds of the parts of a PNG file, in order; text would be in a part of its own."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        found.append(png[place + 4 : place + 8].decode("ascii"))
        place += 12 + length
    return found


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All words that either renderer writes into pictures from now on."""
    words: list[str] = []
    text, draw_text = ImageDraw.ImageDraw.text, RendererAgg.draw_text

    def of_pillow(self: Any, xy: Any, text_: str, *args: Any, **kwargs: Any) -> None:
        words.append(text_)
        text(self, xy, text_, *args, **kwargs)

    def of_matplotlib(self: Any, gc: Any, x: Any, y: Any, s: str, *args: Any, **kwargs: Any) -> None:
        words.append(s)
        draw_text(self, gc, x, y, s, *args, **kwargs)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", of_pillow)
    monkeypatch.setattr(RendererAgg, "draw_text", of_matplotlib)
    return words
