"""Rows, series and traces as they are built, over the short form."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artist_settings import SHORT

from recipes.artist.dataset import Questions
from recipes.artist.question import of_row
from src.errors import DataError
from src.tasks.build import build, read_rows, read_traces
from src.tasks.choice.task import ChoiceTask
from src.tasks.series_store import SeriesStore


class Asked(Questions, ChoiceTask):
    """With some way to score answers."""


def task(**changes: Any) -> Asked:
    return Asked(SHORT | changes, log=lambda line: None)


def test_rows_and_the_store_give_back_the_questions_in_every_split(tmp_path: Path) -> None:
    built = build(task(), tmp_path)
    for file, split in ((built.train, "train"), (built.val, "val"), (built.test, "test")):
        store = SeriesStore.beside(file)
        for row, drawn in zip(read_rows(file), task().source.parts[split], strict=True):
            question = of_row(row, store)
            assert question.series.tolist() == drawn.series.tolist()
            assert (question.text, question.truth, question.evidence) == (drawn.text, drawn.truth, drawn.evidence)
            assert not any(len(json.dumps(value)) > 200 for value in row.info.values())  # no copy of the series
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert set(manifest["solvers"]) == {"train", "test"}
    assert manifest["solvers"]["train"]["same"]["needed"] == 2


def test_the_task_and_the_store_number_series_alike(tmp_path: Path) -> None:
    build(task(), tmp_path)
    held, store = task().series(), SeriesStore(tmp_path)
    assert len(held) == len(store) == 24 + 6 + 9
    np.testing.assert_array_equal(held[37], store[37])


def test_traces_are_single_turns_in_the_prompts_of_either_role(tmp_path: Path) -> None:
    built = build(task(rows={**SHORT["rows"], "sft": 200}), tmp_path)
    assert built.sft is not None
    found = read_traces(built.sft)
    roles = [one.row.info["role"] for one in found]
    assert 70 < roles.count("reasoner") < 130 and roles.count("controller") + roles.count("reasoner") == 200
    for one in found:
        (asked,) = one.row.messages
        assert ("Answer from these segments only." in asked["content"]) == (one.row.info["role"] == "reasoner")
        end = "</tool_call>" if "Zoom" in asked["content"] and "ACCEPT" not in one.answer else "</answer>"
        assert one.answer.startswith("<think>") and one.answer.endswith(end)
    first = [one for one in found if one.row.info == {**one.row.info, "role": "controller", "round": 0}]
    assert first and not any("ACCEPT" in one.answer for one in first)
    accepted = [one.row.info["round"] for one in found if "ACCEPT" in one.answer]
    assert set(accepted) == {1, 2, 3, 4}


def test_the_same_settings_give_the_same_questions_and_another_seed_others() -> None:
    one, again, other = task(), task(), task(seed=5)
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert [row.info for row in one.rows("val")] == [row.info for row in again.rows("val")]
    assert [row.truth for row in one.rows("train")] != [row.truth for row in other.rows("train")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"form": "round"}, "dataset.form is 'round': set it to"),
        ({"kinds": ["valley"]}, "dataset.kinds names 'valley': choose from peak, dip, same"),
        ({"rows": {"train": -1}}, "dataset.rows.train=-1"),
        ({"rows": {"test_held_out": 5}}, "dataset.rows.test_held_out"),
        ({"traces": {"right": 1.5}}, "dataset.traces.right is 1.5"),
        ({"view": {"bins": 40, "view": "letters"}}, "dataset.view.bins is 40"),
        ({"shape": 3}, "dataset.shape"),
    ],
)
def test_settings_of_no_use_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        task(**changes)
