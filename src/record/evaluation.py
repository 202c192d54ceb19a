"""The scores on the test split that a run has recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from src.record.files import read_json
from src.record.layout import Layout


def read_evaluation(run: Path) -> dict[str, Any]:
    """Stage -> result of its model (docs/evaluation.md), in the order of the stages; empty when it was not evaluated.

    Args:
        run: the run's folder.

    Raises:
        UserError: the file cannot be read.
    """
    file = Layout(run).evaluation_file
    return read_json(file) if file.is_file() else {}
