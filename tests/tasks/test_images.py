"""Images take the places that messages have for them, and are opened as veRL opens them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from toy_plots import plot

from src.errors import DataError
from src.tasks.images import PLACE, check_places, opened, with_parts


def _png(width: int, height: int, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (width, height)).save(file, "PNG")
    return file.getvalue()


@given(st.lists(st.text(max_size=8).filter(lambda text: PLACE not in text), min_size=2, max_size=5))
def test_parts_are_the_text_with_images_between(pieces: list[str]) -> None:
    content = PLACE.join(pieces)
    if content.count(PLACE) != len(pieces) - 1:  # "<" and "image>" met
        return
    images = list(range(len(pieces) - 1))
    (message,) = with_parts([{"role": "user", "content": content}], images)
    assert [part["image"] for part in message["content"] if part["type"] == "image"] == images
    assert "".join(part.get("text", PLACE) for part in message["content"]) == content
    assert all(part.get("text", PLACE) for part in message["content"])


def test_images_go_on_in_the_next_message() -> None:
    chat = [{"role": "system", "content": f"as {PLACE}"}, {"role": "user", "content": f"{PLACE}?"}]
    check_places(chat, ["a", "b"])
    first, second = with_parts(chat, ["a", "b"])
    assert first["content"] == [{"type": "text", "text": "as "}, {"type": "image", "image": "a"}]
    assert second["content"] == [{"type": "image", "image": "b"}, {"type": "text", "text": "?"}]


def test_text_stays_text() -> None:
    chat = [{"role": "user", "content": f"what does {PLACE} mean?"}]
    assert with_parts(chat, []) == chat


@pytest.mark.parametrize("count", [1, 3])
def test_each_image_needs_its_place(count: int) -> None:
    with pytest.raises(DataError, match=rf"have 2 places <image> for {count} images"):
        with_parts([{"role": "user", "content": 2 * PLACE}], list(range(count)))


def test_an_image_in_multiples_of_a_token_is_not_resized() -> None:
    image = opened(plot(True, 3), 14)
    assert (image.size, image.mode) == ((84, 56), "RGB")
    assert image.tobytes() == Image.open(io.BytesIO(plot(True, 3))).tobytes()
    assert opened(_png(150, 70), 14).size == (140, 56)
    assert opened(_png(10, 10, "L"), 14).size == (56, 56)  # 4 tokens at least


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"", "an image cannot be decoded"),
        (b"no image", "an image cannot be decoded"),
        (plot(True, 3)[:60], "an image cannot be decoded"),
        (_png(6000, 10), "an image cannot be shown to the model .*ratio.*: draw it with other sides"),
    ],
)
def test_what_is_no_image_for_a_model_is_said(image: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        opened(image, 14)
