"""A vision-language model of a few thousand weights, and rows for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toy_plots import Plots

from src.models.tiny_vl import build
from src.tasks.row import Row, Trace

SIZES: dict[str, Any] = {
    "phrases": 8, "layers": 1, "width": 32, "heads": 2, "key_value_heads": 1, "feed_forward": 32,
    "context_length": 128, "initializer_range": 0.05,
    "vision": {"layers": 1, "width": 32, "heads": 2, "feed_forward": 32, "patch_size": 14, "max_pixels": 50176,
               "mean": 1.0, "std": 0.3},
}  # fmt: skip
SETTINGS = {"name": "plots", "task": "toy_plots.Plots", "counts": {"sft": 6, "train": 6}, "images": [0, 1, 2]}


def model_of_images(folder: Path, seed: int = 1) -> Path:
    return build(folder, [said for row in rows() for said in (str(row.messages[0]["content"]),)] * 2, SIZES, seed)


def rows() -> list[Row]:
    """Six: without an image, with one, with two, and so on."""
    return list(Plots(SETTINGS).rows("train"))


def traces() -> list[Trace]:
    return list(Plots(SETTINGS).traces("sft"))
