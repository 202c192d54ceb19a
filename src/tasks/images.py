"""A row's images on their way to a model: as veRL shows them, in the rollout, in training and here."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from src.errors import DataError
from src.tasks.row import Message

PLACE = "<image>"  # in a message, where the next image stands


def check_places(messages: Sequence[Message], images: Sequence[Any]) -> None:
    """Refuse messages that have not one place for each image.

    Raises:
        DataError: there are more images than places, or fewer.
    """
    found = sum(message["content"].count(PLACE) for message in messages)
    if found != len(images):
        raise DataError(f"the messages have {found} places {PLACE} for {len(images)} images: give one for each")


def with_parts(messages: Sequence[Message], images: Sequence[Any]) -> list[dict[str, Any]]:
    """The messages with the images in their places, as a processor's chat template takes them.

    Args:
        images: one for each place; without any the messages stay text.

    Raises:
        DataError: there are more images than places, or fewer.
    """
    if not images:
        return [dict(message) for message in messages]
    check_places(messages, images)
    left = iter(images)
    return [{**message, "content": list(_parts(message["content"], left))} for message in messages]


def _parts(content: str, images: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for segment in re.split(f"({PLACE})", content):
        if segment == PLACE:
            yield {"type": "image", "image": next(images)}
        elif segment:
            yield {"type": "text", "text": segment}


def as_content(text: str, images: Sequence[bytes]) -> list[dict[str, Any]]:
    """The content of a message to a chat endpoint with PNG files, each in its place."""
    first, *rest = text.split(PLACE)
    parts: list[dict[str, Any]] = [{"type": "text", "text": first}] if first.strip() else []
    for image, after in zip(images, rest, strict=True):
        parts.append({"type": "image_url", "image_url": {"url": data_uri(image)}})
        parts += [{"type": "text", "text": after}] if after.strip() else []
    return parts


def data_uri(image: bytes) -> str:
    """A PNG file as text."""
    return "data:image/png;base64," + base64.b64encode(image).decode()


def opened(image: bytes, patch_size: int) -> Any:
    """An image file as a Pillow image of the size in which veRL gives it to the processor.

    Args:
        patch_size: of the model's image processor, in pixels.

    Raises:
        DataError: it is no image, or one of a shape that no model takes.
    """
    from PIL import Image, UnidentifiedImageError
    from qwen_vl_utils import fetch_image

    try:
        return fetch_image({"image": Image.open(io.BytesIO(image))}, image_patch_size=patch_size)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"an image cannot be decoded ({_said(error)}): write it again as PNG") from None
    except ValueError as error:  # qwen-vl-utils names the ratio of the sides
        raise DataError(f"an image cannot be shown to the model ({_said(error)}): draw it with other sides") from None


def _said(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
