"""What pictures cost agrees with the rule in transformers."""

import ast
import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import DataError
from src.tasks.plots.tokens import image_tokens, resized


def _theirs() -> Callable[..., tuple[int, int]]:
    """``smart_resize`` alone: its module needs torchvision."""
    spec = importlib.util.find_spec("transformers")
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / "models/qwen2_vl/image_processing_qwen2_vl.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "smart_resize"]
    room: dict[str, Any] = {"math": math}
    exec(compile(tree, str(file), "exec"), room)
    found: Callable[..., tuple[int, int]] = room["smart_resize"]
    return found


THEIRS = _theirs()


@pytest.mark.parametrize(
    ("width", "height", "size", "tokens"),
    [
        (580, 230, (588, 224), 168),  # TimeMaster's
        (571, 230, (560, 224), 160),
        (224, 28, (224, 28), 8),
        (112, 56, (112, 56), 8),
        (28, 28, (56, 56), 4),
        (4096, 4096, (3584, 3584), 16384),
    ],
)
def test_sizes_and_their_tokens(width: int, height: int, size: tuple[int, int], tokens: int) -> None:
    assert resized(width, height) == size
    assert image_tokens(width, height) == tokens


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), pixels=st.sampled_from([28, 32]))
def test_the_rule_is_that_of_transformers(width: int, height: int, pixels: int) -> None:
    if max(width, height) > 200 * min(width, height):
        with pytest.raises(DataError, match="too narrow"):
            resized(width, height, pixels=pixels)
        return
    high, wide = THEIRS(height, width, factor=pixels, min_pixels=4 * 28**2, max_pixels=1280 * 28**2)
    assert resized(width, height, pixels=pixels, most=1280 * 28**2) == (wide, high)
