"""Items as rows of the parquet files; one form for all tasks, so that they can be mixed in a batch."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from data_pipelines.rows import Row, rl_schema, sft_schema
from recipes.timeomni1.item import Item
from recipes.timeomni1.prompts import question, response
from recipes.timeomni1.reward import CHOICE_TERMS, FORECAST_TERMS
from recipes.timeomni1.truth import write_truth

_COLUMNS = ("history", "horizon", "reference_mae", "floor_mae")
EXTRA_INFO = pa.struct(
    [
        ("index", pa.int64()),
        ("split", pa.string()),
        ("task", pa.string()),
        ("channel", pa.string()),  # the domain, under the name that records of samples have for it
        ("level", pa.int64()),
        ("ood", pa.bool_()),
        ("seed", pa.int64()),
        ("options", pa.int64()),  # how many; 0 for a forecast
        ("terms", pa.list_(pa.string())),  # the reward terms that this kind of answer can earn
        ("history", pa.list_(pa.float64())),
        ("horizon", pa.int64()),
        ("reference_mae", pa.float64()),
        ("floor_mae", pa.float64()),
        ("shortcuts", pa.string()),  # JSON: what trivial solvers answer, for the baselines
        ("details", pa.string()),  # JSON: whatever else the generator tells
    ]
)
RL = rl_schema(pa.string(), EXTRA_INFO)
SFT = sft_schema(EXTRA_INFO)


def source(task: str, ood: bool) -> str:
    """The ``data_source`` of a row: metrics are kept apart by it."""
    return f"{task}-ood" if ood else task


def rl_row(item: Item, split: str, index: int, seed: int, *, ood: bool, answer_only: bool) -> Row:
    """One row of train, val or test."""
    return {
        "data_source": source(item.task, ood),
        "ability": item.task,
        "prompt": question(item, answer_only=answer_only),
        "reward_model": {"style": "rule", "ground_truth": write_truth(item.answer)},
        "extra_info": _extra_info(item, split, index, seed, ood),
    }


def sft_row(item: Item, split: str, index: int, seed: int, *, answer_only: bool, text: str | None = None) -> Row:
    """One row of sft or sft_val. text: the assistant's message, by default the generator's own reasoning."""
    assistant = text if text is not None else response(item, answer_only=answer_only)
    messages = [*question(item, answer_only=answer_only), {"role": "assistant", "content": assistant}]
    return {"messages": messages, "extra_info": _extra_info(item, split, index, seed, False)}


def _extra_info(item: Item, split: str, index: int, seed: int, ood: bool) -> Row:
    columns: dict[str, Any] = {name: item.info.get(name) for name in _COLUMNS}
    if columns["history"] is not None:
        columns["history"] = [float(value) for value in columns["history"]]
    details = {name: value for name, value in item.info.items() if name not in _COLUMNS}
    return {
        "index": index,
        "split": split,
        "task": item.task,
        "channel": item.domain,
        "level": item.level,
        "ood": ood,
        "seed": seed,
        "options": len(item.options),
        "terms": list(CHOICE_TERMS if item.options else FORECAST_TERMS),
        **columns,
        "shortcuts": json.dumps({"oracle": item.oracle, **item.shortcuts}, default=_plain),
        "details": json.dumps(details, sort_keys=True, default=_plain),
    }


def _plain(value: Any) -> Any:
    """What JSON does not know: numbers and arrays of numpy."""
    return value.tolist()
