"""Rows of the parquet files (veRL's RL format and its multi-turn SFT format) and how they reach the disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipelines.sample import ForecastSample
from src.tasks.files import write_data

_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_EXTRA_INFO = pa.struct(
    [
        ("index", pa.int64()),
        ("split", pa.string()),
        ("dataset", pa.string()),
        ("channel", pa.string()),
        ("history", pa.list_(pa.float64())),
        ("period", pa.int64()),
        ("start", pa.string()),
        ("target_start", pa.string()),
        ("freq", pa.string()),
    ]
)


def rl_schema(truth: pa.DataType, extra_info: pa.DataType) -> pa.Schema:
    """Return veRL's RL columns, for a kind of ground truth and of extra_info."""
    reward_model = pa.struct([("style", pa.string()), ("ground_truth", truth)])
    return pa.schema(
        [
            ("data_source", pa.string()),
            ("ability", pa.string()),
            ("prompt", _MESSAGES),
            ("reward_model", reward_model),
            ("extra_info", extra_info),
        ]
    )


def sft_schema(extra_info: pa.DataType) -> pa.Schema:
    """Return veRL's columns for multi-turn SFT."""
    return pa.schema([("messages", _MESSAGES), ("extra_info", extra_info)])


RL_SCHEMA = rl_schema(pa.list_(pa.float64()), _EXTRA_INFO)
SFT_SCHEMA = sft_schema(_EXTRA_INFO)

Row = dict[str, Any]


def _extra_info(sample: ForecastSample, split: str, index: int) -> Row:
    return {
        "index": index,
        "split": split,
        "dataset": sample.dataset,
        "channel": sample.channel,
        "history": list(sample.history),
        "period": sample.period,
        "start": sample.history_labels[0],
        "target_start": sample.target_labels[0],
        "freq": sample.freq,
    }


def rl_row(sample: ForecastSample, prompt: str, split: str, index: int) -> Row:
    """Return one row of train, val or test: the question, and the true values for the reward."""
    return {
        "data_source": sample.dataset,
        "ability": "forecasting",
        "prompt": [{"role": "user", "content": prompt}],
        "reward_model": {"style": "rule", "ground_truth": list(sample.target)},
        "extra_info": _extra_info(sample, split, index),
    }


def sft_row(sample: ForecastSample, prompt: str, answer: str, split: str, index: int) -> Row:
    """Return one row of sft or sft_val: the question and the answer to imitate."""
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return {"messages": messages, "extra_info": _extra_info(sample, split, index)}


def write_parquet(rows: Sequence[Row], schema: pa.Schema, path: Path) -> None:
    """Write rows to `path` whole or not at all; DataError when the disk refuses."""
    write_data(path, lambda temporary: pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), temporary))
