"""Keeps the record of a resumed run one line: what was recorded after the checkpoint is moved aside, never deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from src.record.files import write_whole
from src.record.layout import Layout


@dataclass(frozen=True)
class Cut:
    """What was taken out of a record. ``unreadable``: lines that are no JSON, such as one torn by the run's end."""

    lines: int
    unreadable: int
    sample_files: int

    def __bool__(self) -> bool:
        return bool(self.lines or self.unreadable or self.sample_files)


def cut_record(run: Path, drops: Callable[[str, int], bool], aside: Path) -> Cut:
    """Move the steps that are done again out of ``metrics.jsonl`` and ``samples/``.

    What is cut is written first, then the record replaced by a whole new file: an end in between loses nothing, and the
    next resume cuts again.

    Args:
        run: the run's folder.
        drops: told a stage and a step, whether its lines and samples go.
        aside: the folder that receives them; made when something is cut.
    """
    place, to = Layout(run), Layout(aside)
    metrics = place.metrics_file
    kept, cut, unreadable = _sort_lines(metrics, drops)
    files = [file for file in place.sample_files() if drops(file.stage, file.step)]
    done = Cut(len(cut), len(unreadable), len(files))
    if done:
        to.samples.mkdir(parents=True, exist_ok=True)
        for path, lines in ((to.metrics_file, cut), (aside / "unreadable.txt", unreadable)):
            if lines:
                write_whole(path, b"".join(lines))
    if metrics.exists():
        whole = b"".join(kept)
        if whole != metrics.read_bytes():
            write_whole(metrics, whole, sync=True)
    for file in files:
        file.path.rename(to.samples / file.path.name)
    return done


def _sort_lines(metrics: Path, drops: Callable[[str, int], bool]) -> tuple[list[bytes], list[bytes], list[bytes]]:
    kept: list[bytes] = []
    cut: list[bytes] = []
    unreadable: list[bytes] = []
    for line in metrics.read_bytes().splitlines(keepends=True) if metrics.exists() else []:
        whole = line if line.endswith(b"\n") else line + b"\n"
        try:
            row = json.loads(line)
            stage, step = str(row["stage"]), int(row["step"])
        except (ValueError, KeyError, TypeError):
            if line.strip():
                unreadable.append(whole)
            continue
        (cut if drops(stage, step) else kept).append(whole)
    return kept, cut, unreadable
