"""The scores that a run has recorded."""

from pathlib import Path

import pytest

from src.errors import UserError
from src.record.evaluation import read_evaluation


def test_the_stages_come_in_their_order(tmp_path: Path) -> None:
    assert read_evaluation(tmp_path) == {}
    (tmp_path / "evaluation.json").write_text('{"sft": {"mse": 2.0}, "rl": {"mse": 1.0}}')
    assert list(read_evaluation(tmp_path)) == ["sft", "rl"]


def test_a_broken_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text('{"sft": ')
    with pytest.raises(UserError, match=r"evaluation\.json is not valid JSON"):
        read_evaluation(tmp_path)
