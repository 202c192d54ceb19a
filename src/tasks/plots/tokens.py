"""What a picture costs: the image tokens that it becomes, by the rules of Qwen2-VL, Qwen2.5-VL and the tiny model.

The run's own processor has the last word: building data counts every prompt with it. These rules are what a size is
chosen by, without a processor, torch or a model.
"""

import math

from src.errors import DataError

PIXELS = 28  # a side of what becomes one token: patches of 14 pixels, merged 2 x 2
FEWEST = 4 * PIXELS**2  # pixels below which a picture is enlarged: four tokens
MOST = 16384 * PIXELS**2  # pixels above which it is reduced, in qwen-vl-utils; a processor may take fewer
STEEPEST = 200  # the longer side by the shorter


def resized(
    width: int, height: int, *, pixels: int = PIXELS, fewest: int = FEWEST, most: int = MOST
) -> tuple[int, int]:
    """The size at which the model looks at a picture: ``smart_resize`` of transformers' ``Qwen2VLImageProcessor``.

    Args:
        width: of the picture in pixels.
        height: alike.
        pixels: a side of one token: ``patch_size`` times ``merge_size`` of the processor.
        fewest: pixels that the picture has at least afterwards; the processor's ``min_pixels``.
        most: pixels that it has at most; the processor's ``max_pixels``.

    Returns:
        Width and height, multiples of ``pixels`` that keep the picture's shape as well as these can.

    Raises:
        DataError: one side is more than 200 times the other.
    """
    if max(width, height) > STEEPEST * min(width, height):
        raise DataError(f"a picture of {width} x {height} pixels is too narrow: keep the sides within 1 to {STEEPEST}")
    wide, high = round(width / pixels) * pixels, round(height / pixels) * pixels
    if wide * high > most:
        shrink = math.sqrt(width * height / most)
        wide = max(pixels, math.floor(width / shrink / pixels) * pixels)
        high = max(pixels, math.floor(height / shrink / pixels) * pixels)
    elif wide * high < fewest:
        grow = math.sqrt(fewest / (width * height))
        wide, high = (math.ceil(side * grow / pixels) * pixels for side in (width, height))
    return wide, high


def image_tokens(width: int, height: int, *, pixels: int = PIXELS, fewest: int = FEWEST, most: int = MOST) -> int:
    """The tokens of a picture in a prompt, without the two that stand around it; arguments as in ``resized``."""
    wide, high = resized(width, height, pixels=pixels, fewest=fewest, most=most)
    return (wide // pixels) * (high // pixels)
