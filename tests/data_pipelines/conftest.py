"""Fixtures for the data tests: small CSV files and dataset settings."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

CsvWriter = Callable[..., Path]


@pytest.fixture
def write_csv(tmp_path: Path) -> CsvWriter:
    """Write rows of text cells under a header and return the file."""

    def write(rows: Sequence[str], header: str = "date,load", name: str = "series.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def hourly_csv(write_csv: CsvWriter) -> Path:
    """300 hours of a daily cycle that drifts upwards, with the column ``load``."""
    times = pd.date_range("2024-01-01", periods=300, freq="h")
    return write_csv([f"{time},{10 + time.hour % 24 + i / 100:.2f}" for i, time in enumerate(times)])


@pytest.fixture
def small(hourly_csv: Path) -> dict[str, Any]:
    """Settings of a small dataset over ``hourly_csv``."""
    return {
        "name": "small",
        "title": "Small",
        "path": str(hourly_csv),
        "target": "load",
        "context_length": 24,
        "horizon": 6,
        "decimals": 2,
        "traces": {"samples": 20},
    }
