"""One readable line per step, above a progress bar, from the run's own record."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from src.record.lines import Tail, parse_line
from src.record.metric_names import best_baseline, better, metric_words, ranked

# (metric, label, format) in the order of the line; metrics that a step lacks are left out.
COLUMNS = (
    ("train/loss", "loss", ".3f"),
    ("val/loss", "held-out loss", ".3f"),
    ("reward/mean", "reward", ".3f"),
    ("parse/valid_frac", "valid", ".0%"),
    ("groups/zero_std_frac", "no-signal groups", ".0%"),
    ("actor/kl_loss", "KL", ".4f"),
    ("actor/entropy", "entropy", ".2f"),
    ("response_length/mean", "tokens", ".0f"),
    ("actor/pg_clipfrac", "clipped", ".1%"),
    ("timing_s/step", "s", ".1f"),
)
_FAILED = re.compile(r"val/[^/]+/fail_frac")
QUIET_STEPS = 25  # a stage with many steps prints every n-th line


class StageProgress:
    """Follows ``metrics.jsonl`` for one stage and shows its new lines.

    Args:
        metrics: the file, which may not exist yet.
        stage: whose lines are shown.
        total: number of steps, or None.
        follow: called with each new line.
    """

    def __init__(
        self,
        metrics: Path,
        stage: str,
        total: int | None,
        follow: Callable[[dict[str, Any]], None] = lambda line: None,
        console: Console | None = None,
    ) -> None:
        self.stage = stage
        self.total = total
        self.follow = follow
        self.console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.tail = Tail.from_end(metrics)
        self.done = 0
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task: TaskID = self.bar.add_task(stage, total=total)

    def __enter__(self) -> StageProgress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def phase(self, what: str) -> None:
        self.bar.update(self.task, description=f"{self.stage}: {what}")

    def update(self) -> None:
        """Show the lines that were appended since the last call."""
        for line in map(parse_line, self.tail.read()):
            if line is None or line.get("stage") != self.stage:
                continue
            self.follow(line)
            self.done = max(self.done, int(line["step"]))
            self.bar.update(self.task, completed=self.done)
            if self._shown(line) and (text := describe(line, self.total)):
                self.console.print(text)

    def _shown(self, line: dict[str, Any]) -> bool:
        step = int(line["step"])
        few = self.total is None or self.total <= 4 * QUIET_STEPS
        return (
            few or step in (1, self.total) or step % QUIET_STEPS == 0 or any(name.startswith("val/") for name in line)
        )


def describe(line: dict[str, Any], total: int | None) -> str:
    """A step's line of ``metrics.jsonl`` in words; empty when it holds nothing that is shown."""
    parts = [
        f"{label} {line[name]:{style}}" for name, label, style in COLUMNS if isinstance(line.get(name), int | float)
    ]
    parts += [_held_out(line, name.split("/")[1]) for name in line if _FAILED.fullmatch(name)]
    if not parts:
        return ""
    steps = f"{line['step']}/{total}" if total else str(line["step"])
    return f"  {line['stage']} {steps}  " + "  ".join(parts)


def _held_out(line: dict[str, Any], group: str) -> str:
    """The leading metric of a group, beside the best baseline, and the share of failed answers."""
    values: dict[str, float] = {}
    baselines: dict[str, dict[str, float]] = {}
    for name, value in line.items():
        match name.split("/"):
            case ["val", where, metric] if where == group and value is not None:
                values[metric] = value
            case ["val", where, "baseline", baseline, metric] if where == group and value is not None:
                baselines.setdefault(baseline, {})[metric] = value
    lead = ranked(values, baselines)[0]
    words = [f"{metric_words(lead)} {values[lead]:.4g}"] if lead in values else []
    if best := best_baseline(baselines, lead):
        beaten = better(lead, values.get(lead, math.nan), baselines[best][lead])
        words.append(f"{'' if beaten else 'not '}better than {best.replace('_', ' ')} {baselines[best][lead]:.4g}")
    return f"held-out {group}: " + ", ".join([*words, f"failed {values.get('fail_frac', 0.0):.0%}"])
