"""Rows are counted in the model's own tokens, as their stage counts them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from src.models.lengths import too_long
from src.models.tiny import build
from src.tasks.build import write_rows, write_traces
from src.tasks.row import Row, Trace

SIZES = {"phrases": 0, "layers": 1, "width": 16, "heads": 2, "key_value_heads": 1, "feed_forward": 16,
         "context_length": 64}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("models") / "model", [], SIZES, seed=1)


def _row(index: int, words: str) -> Row:
    return Row("toy", "", "train", index, [{"role": "user", "content": words}], [1.0], {})


def test_prompts_and_traces(model: Path, tmp_path: Path) -> None:
    rows = [_row(index, "x" * length) for index, length in enumerate((3, 9, 5))]
    write_rows(rows, tmp_path / "train.parquet")
    write_traces([Trace(row, "yy") for row in rows], tmp_path / "sft.parquet")
    # <|im_start|>, the role and its newline as one, the bytes, <|im_end|>, a newline; then the answer's opening.
    prompt, traced = 1 + 1 + 9 + 2 + 2, (1 + 1 + 9 + 2) + (1 + 1 + 2 + 2)
    prompts, traces = ({"file": str(tmp_path / name), "key": name} for name in ("train.parquet", "sft.parquet"))
    assert too_long(str(model), [{**prompts, "limit": prompt}, {**traces, "limit": traced}]) == []
    assert too_long(str(model), [{**prompts, "limit": prompt - 1}, {**traces, "limit": traced - 5}]) == [
        {**prompts, "limit": prompt - 1, "longest": prompt, "count": 1},
        {**traces, "limit": traced - 5, "longest": traced, "count": 2},
    ]


def test_as_a_process(model: Path, tmp_path: Path) -> None:
    write_rows([_row(0, "x" * 40)], tmp_path / "train.parquet")
    request = {"model": str(model), "limits": [{"file": str(tmp_path / "train.parquet"), "limit": 10}]}
    done = subprocess.run(
        [sys.executable, "-m", "src.models.lengths", json.dumps(request)], capture_output=True, text=True, check=True
    )
    assert [one["longest"] for one in json.loads(done.stdout.splitlines()[-1])] == [46]
