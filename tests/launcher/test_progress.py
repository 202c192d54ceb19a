"""A step's line in words, and following a record that grows."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from src.launcher.progress import StageProgress, describe


@pytest.mark.parametrize(
    ("line", "total", "text"),
    [
        (
            {"stage": "sft", "step": 25, "train/loss": 2.23449, "train/lr": 0.002, "timing_s/step": 8.84},
            450,
            "  sft 25/450  loss 2.234  s 8.8",
        ),
        (
            {
                "stage": "rl",
                "step": 3,
                "reward/mean": 0.41251,
                "parse/valid_frac": 0.9375,
                "groups/zero_std_frac": 0.125,
                "actor/kl_loss": 0.00251,
                "actor/entropy": 1.234,
                "response_length/mean": 87.6,
                "actor/pg_clipfrac": 0.0123,
                "timing_s/step": 9.0,
            },
            None,
            "  rl 3  reward 0.413  valid 94%  no-signal groups 12%  KL 0.0025  entropy 1.23  tokens 88  "
            "clipped 1.2%  s 9.0",
        ),
        (
            {
                "stage": "rl",
                "step": 10,
                "val/demand/mse": 1.23456,
                "val/demand/mae": 0.9,
                "val/demand/fail_frac": 0.05,
                "val/demand/baseline/last_day/mse": 2.5,
            },
            40,
            "  rl 10/40  held-out demand: MSE 1.235, better than last day 2.5, failed 5%",
        ),
        (
            {
                "stage": "rl",
                "step": 0,
                "val/quiz/acc": 0.4,
                "val/quiz/fail_frac": 0.0,
                "val/quiz/baseline/majority/acc": 0.3,
                "val/quiz/baseline/length_only/acc": 0.5,
                "val/quiz/baseline/oracle/acc": 1.0,
            },
            None,
            "  rl 0  held-out quiz: acc 0.4, not better than length only 0.5, failed 0%",
        ),
        (
            {
                "stage": "rl",
                "step": 2,
                "val/quiz/acc": 0.875,
                "val/quiz/fail_frac": 0.0,
                "val/trips/mae": 3.14159,
                "val/trips/fail_frac": 0.25,
            },
            4,
            "  rl 2/4  held-out quiz: acc 0.875, failed 0%  held-out trips: MAE 3.142, failed 25%",
        ),
        ({"stage": "rl", "step": 0, "val/demand/mse": None, "val/demand/reward": 0.1}, 40, ""),
        ({"stage": "rl", "step": 1, "reward/mean": None, "other": "text"}, 40, ""),
    ],
)
def test_a_line_in_words(line: dict[str, Any], total: int | None, text: str) -> None:
    assert describe(line, total) == text


class Following:
    """A record that grows, and what was shown of it."""

    def __init__(self, folder: Path, total: int | None = 5) -> None:
        self.file = folder / "metrics.jsonl"
        self.total = total
        self.followed: list[int] = []
        self.output = io.StringIO()

    def append(self, *lines: dict[str, Any], tail: str = "") -> None:
        with self.file.open("a") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines) + tail)

    def start(self) -> StageProgress:
        console = Console(file=self.output, width=200)
        return StageProgress(
            self.file, "rl", self.total, lambda line: self.followed.append(line["step"]), console=console
        )

    @property
    def shown(self) -> list[str]:
        return [line.strip() for line in self.output.getvalue().splitlines()]


def _step(step: int, stage: str = "rl", **metrics: float) -> dict[str, Any]:
    return {"stage": stage, "step": step, "reward/mean": step / 10, **metrics}


def test_new_lines_of_the_stage_are_shown_once(tmp_path: Path) -> None:
    following = Following(tmp_path)
    with following.start() as progress:
        progress.update()  # there is no file yet
        following.append(_step(1), _step(7, "sft"))
        progress.update()
        following.append(_step(2))
        progress.update()
        progress.update()
    assert following.followed == [1, 2]
    assert following.shown == ["rl 1/5  reward 0.100", "rl 2/5  reward 0.200"]
    assert progress.done == 2


def test_a_half_written_line_waits_for_its_end(tmp_path: Path) -> None:
    following = Following(tmp_path)
    with following.start() as progress:
        following.append(_step(1), tail='{"stage": "rl", "step": 2, "rewa')
        progress.update()
        assert following.followed == [1]
        following.append(tail='rd/mean": 0.9}\n')
        progress.update()
    assert following.shown == ["rl 1/5  reward 0.100", "rl 2/5  reward 0.900"]


def test_lines_from_before_the_stage_are_left_out(tmp_path: Path) -> None:
    following = Following(tmp_path)
    following.append(_step(1))
    with following.start() as progress:
        following.append(_step(2))
        progress.update()
    assert following.followed == [2]


def test_a_long_stage_shows_some_lines_and_follows_all(tmp_path: Path) -> None:
    following = Following(tmp_path, total=120)
    with following.start() as progress:
        following.append(*(_step(step) for step in range(1, 61)), _step(61, **{"val/loss": 1.0}), _step(120))
        progress.update()
    assert following.followed == [*range(1, 62), 120]
    assert [line.split()[1] for line in following.shown] == ["1/120", "25/120", "50/120", "61/120", "120/120"]
