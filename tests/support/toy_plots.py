"""The smallest task on images: whether lines rise or fall, told as text, as one plot, or as two."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw

from src.tasks.row import Row, Trace
from src.tasks.scores import Group, Metric, Scores, ratio
from src.tasks.task import Answer, Task

WORDS = ("rise", "fall")
WIDTH, HEIGHT = 84, 56  # of the first image; the second is half as wide, and both are multiples of 28


def plot(rises: bool, bend: int, width: int = WIDTH) -> bytes:
    """A PNG of one line."""
    image = Image.new("RGB", (width, HEIGHT), "white")
    ends = (HEIGHT - 4, 4) if rises else (4, HEIGHT - 4)
    line = [(2, ends[0]), (width // 2, HEIGHT // 2 + bend % 9 - 4), (width - 2, ends[1])]
    ImageDraw.Draw(image).line(line, fill="black", width=2)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def blank(width: int) -> bytes:
    """A PNG of nothing."""
    file = io.BytesIO()
    Image.new("RGB", (width, HEIGHT), "white").save(file, "PNG")
    return file.getvalue()


class Plots(Task):
    """Row i has ``images[i % len(images)]`` plots; with none the line is three numbers."""

    kind = "class"

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        return {"blind": {"blind": True}}

    def rows(self, split: str) -> Sequence[Row]:
        return [self._row(split, place) for place in range(self.settings["counts"][split])]

    def _row(self, split: str, place: int) -> Row:
        counts = self.settings["images"]
        count, rises, bend = counts[place % len(counts)], place // len(counts) % 2 == 0, place + len(split)
        sizes = (WIDTH, 2 * 28)[:count]
        shown = [blank(width) if self.settings.get("blind") else plot(rises, bend, width) for width in sizes]
        said = "<image>" * count or ("1 2 3" if rises else "3 2 1")
        question = {"role": "user", "content": f"{said} Does the line rise or fall?"}
        return Row("lines", f"images{count}", split, place, [question], WORDS[not rises], {}, shown)

    def traces(self, split: str) -> Sequence[Trace]:
        return [Trace(row, f"It does {row.truth}") for row in self.rows(split)]

    def read(self, row: Row, response: str) -> Answer:
        said = response.split()[-1:]
        return Answer(said[0]) if said and said[0] in WORDS else Answer(None, "no word", well_formed=False)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        right = float(self.read(row, response).value == row.truth)
        return {"score": right + 0.01 * (len(response) % 7), "right": right}

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        right = [float(answer.value == row.truth) for row, answer in zip(rows, answers, strict=True)]
        group: dict[str, Any] = {
            "metrics": {"acc": ratio(right, [1.0] * len(rows), seed)},
            "baselines": {"majority": {"acc": Metric(0.5)}},
            "questions": len({row.index for row in rows}),
            "answers": len(rows),
            "failed": sum(answer.problem is not None for answer in answers),
        }
        return Scores({"lines": Group(lead="acc", **group)})
