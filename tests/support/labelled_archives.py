"""Small archives of labelled series in the forms that public ones have, made up here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

BASE: dict[str, Any] = {"name": "small", "title": "Small", "reader": "file", "solvers": []}


def waves(count: int, length: int = 24, channels: int = 1, seed: int = 0) -> list[np.ndarray]:
    """Series (C, L) of two kinds in turn: one period, or three."""
    random = np.random.default_rng(seed)
    steps = np.linspace(0, 2 * np.pi, length)
    return [
        np.array([np.sin(steps * (1 + 2 * (place % 2)) + channel) for channel in range(channels)])
        + random.normal(0, 0.05, (channels, length))
        for place in range(count)
    ]


def write_ts(
    path: Path, series: Sequence[np.ndarray], labels: Sequence[str], header: str = "@classLabel true 1 2"
) -> Path:
    """A ``.ts`` file: channels separated by colons, the label behind the last."""
    rows = [
        ":".join([",".join(f"{v:.6g}" for v in channel) for channel in one] + [label])
        for one, label in zip(series, labels, strict=True)
    ]
    path.write_text("\n".join(["# made up", "@problemName Small", header, "@data", *rows]) + "\n", encoding="utf-8")
    return path


def write_arff(path: Path, series: Sequence[np.ndarray], labels: Sequence[str], header: str = "") -> Path:
    """An ARFF file: values and label, or, of several channels, a quoted cell with one line for each."""
    rows = []
    for one, label in zip(series, labels, strict=True):
        channels = "\\n".join(",".join(f"{v:.6g}" for v in channel) for channel in one)
        rows.append(f"'{channels}',{label}" if len(one) > 1 else f"{channels},{label}")
    path.write_text("\n".join([header or "@relation small", "@data", *rows]) + "\n", encoding="utf-8")
    return path


def write_csv(path: Path, series: Sequence[np.ndarray], labels: Sequence[str]) -> Path:
    """A table with a row for each series."""
    longest = max(one.shape[1] for one in series)
    lines = [",".join([*(f"t{step}" for step in range(longest)), "label"])]
    for one, label in zip(series, labels, strict=True):
        cells = [f"{value:.6g}" for value in one[0]]
        lines.append(",".join([*cells, *[""] * (longest - len(cells)), label]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_har(
    folder: Path, counts: tuple[int, int] = (12, 6), channels: Sequence[str] = ("body_acc_x", "body_acc_y")
) -> Path:
    """UCI HAR's folders, two activities and three people in training, one in test."""
    folder.mkdir(parents=True)
    (folder / "activity_labels.txt").write_text("1 WALKING\n2 WALKING_UPSTAIRS\n")
    for split, count in zip(("train", "test"), counts, strict=True):
        (folder / split / "Inertial Signals").mkdir(parents=True)
        (folder / split / f"y_{split}.txt").write_text("".join(f"{1 + place % 2}\n" for place in range(count)))
        people = [1 + place // 4 if split == "train" else 9 for place in range(count)]
        (folder / split / f"subject_{split}.txt").write_text("".join(f"{one}\n" for one in people))
        for number, name in enumerate(channels):
            rows = [" ".join(f"{value: .7e}" for value in one[0] + number) for one in waves(count, 16)]
            (folder / split / "Inertial Signals" / f"{name}_{split}.txt").write_text("\n".join(rows) + "\n")
    return folder


def write_record(folder: Path, name: str, values: np.ndarray, rate: int = 300) -> None:
    """A WFDB record by hand: a header, and 16-bit samples of 1/1000 mV."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = np.round(values * 1000).astype("<i2")
    (folder / f"{name}.dat").write_bytes(samples.tobytes())
    (folder / f"{name}.hea").write_text(
        f"{name} 1 {rate} {len(samples)}\n{name}.dat 16 1000/mV 16 0 {samples[0]} 0 0 ECG\n"
    )
