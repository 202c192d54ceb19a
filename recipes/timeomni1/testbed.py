"""The paper's public test set (Hugging Face ``anton-hugging/timeomni-1-testbed``), read by the recipe's own parser.

``id_test.json`` and ``ood_test.json`` hold objects with question_id, problem, response, task_type, domain and system.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recipes.timeomni1.answer import read_numbers
from recipes.timeomni1.published_files import read_objects, require
from recipes.timeomni1.rows import source
from src.errors import DataError
from src.tasks.choice.answer import read_body
from src.tasks.row import Row

FIELDS = ("question_id", "problem", "response", "task_type", "domain", "system")
# What a task_type contains, in lower case.
_TASKS = {"scenario": "scenario", "caus": "causality", "forecast": "forecasting", "decision": "decision"}
_OPTION = re.compile(r"^\s*\(?([A-H])[.):]", re.MULTILINE)
_LIST = re.compile(r"\[[-+0-9.eE,;\s]+\]")
_LONGEST = 10_000


def read(path: Path) -> list[Row]:
    """The rows of one file, out of distribution where its name says so; DataError for a question that is not one."""
    rows = []
    for number, one in enumerate(read_objects(path), 1):
        require(one, FIELDS, path, number)
        rows.append(_row(one, path, number))
    return rows


def _row(one: Mapping[str, Any], path: Path, number: int) -> Row:
    kind = str(one["task_type"]).lower()
    task = next((name for part, name in _TASKS.items() if part in kind), kind)
    truth = _truth(str(one["response"]))
    if truth is None:
        raise DataError(f"{path}, question {number}: its response holds neither a letter nor a list of numbers")
    problem = str(one["problem"])
    info: dict[str, Any] = {"question_id": str(one["question_id"]), "channel": str(one["domain"])}
    if isinstance(truth, str):
        info["options"] = max(2, len(set(_OPTION.findall(problem))) or 4, ord(truth) - ord("A") + 1)
    else:
        lists = (read_numbers(found, _LONGEST) for found in _LIST.findall(problem))
        history = next((list(values) for values in lists if values and len(values) >= len(truth)), None)
        if history:
            info |= {"history": history, "shortcuts": {"copy_last": history[-len(truth) :]}}
    messages = [{"role": "system", "content": str(one["system"])}, {"role": "user", "content": problem}]
    return Row(source(task, path.name.startswith("ood")), task, "test", 0, messages, truth, info)


def _truth(response: str) -> str | list[float] | None:
    """The answer of a reference response: in its answer section, or the whole of it."""
    body = read_body(response).text if "<answer>" in response else response.strip()
    letter = (body or "").rstrip(".)").strip()
    if re.fullmatch(r"[A-H]", letter):
        return letter
    values = read_numbers(body, _LONGEST)
    return None if values is None else list(values)
