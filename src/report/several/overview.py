"""Several runs of one recipe, such as its seeds: what each has reached, and how much of it is chance.

Two kinds of chance are kept apart. An interval is over independent held-out questions: another draw of data. The spread
over runs is what another seed of training would do. The same questions asked of three runs are not three times as many.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from src.errors import UserError
from src.record.evaluation import read_evaluation
from src.record.layout import Layout
from src.record.reading import RunRecord, load_run
from src.record.samples import Sample
from src.report.run.held_out import Gain, HeldOut, Question, held_out
from src.report.several.tested import Tested, tested
from src.tasks.build import notes, read_rows
from src.tasks.task import load_task


@dataclass(frozen=True)
class OneRun:
    """A run with all that is told of it.

    Args:
        remarks: its task's own lines on held-out answers, before and after.
        notes: what its task says of the data.
    """

    name: str
    record: RunRecord
    evaluation: Mapping[str, Any]
    held_out: list[HeldOut]
    gains: Mapping[Question, Gain]
    tested: list[Tested]
    remarks: Mapping[str, str]
    notes: Sequence[str]

    @property
    def seconds(self) -> dict[str, float]:
        """Of each stage that has ended, by its name."""
        return {
            str(stage["name"]): float(stage["seconds"])
            for stage in self.record.stages
            if isinstance(stage.get("seconds"), int | float)
        }

    @property
    def seed(self) -> Any:
        """The seed of the training."""
        seeds = self.record.meta.get("seeds")
        return seeds.get("seed") if isinstance(seeds, Mapping) else None


def read_runs(folders: Sequence[Path]) -> list[OneRun]:
    """Read the runs, which must be of one recipe.

    Raises:
        UserError: a folder is no run's, or the runs are of several recipes.
    """
    records = [load_run(folder) for folder in folders]
    recipes = dict.fromkeys(str(record.meta.get("recipe")) for record in records)
    if len(recipes) > 1:
        raise UserError(f"the runs are of several recipes ({', '.join(recipes)}): give runs of one")
    names = _names([record.folder.resolve() for record in records])
    return [_read(name, record) for name, record in zip(names, records, strict=True)]


def _names(folders: Sequence[Path]) -> list[str]:
    """The folders' names, or where two are alike the last two parts of their paths."""
    names = [folder.name for folder in folders]
    return names if len(set(names)) == len(names) else ["/".join(folder.parts[-2:]) for folder in folders]


def _read(name: str, record: RunRecord) -> OneRun:
    rows, gains, answers = held_out(record, name)
    evaluation = read_evaluation(record.folder)
    said, remarks = notes(Layout(record.folder).data), _remarks(record, answers)
    return OneRun(name, record, evaluation, rows, gains, tested(evaluation, name), remarks, said)


def _remarks(record: RunRecord, answers: Mapping[str, Sequence[Sample]]) -> dict[str, str]:
    """What the run's task says of held-out answers; empty where the task or the questions are gone."""
    config = record.meta.get("config")
    dataset = config.get("dataset") if isinstance(config, Mapping) else None
    file = Layout(record.folder).data / "val.parquet"
    if not isinstance(dataset, Mapping) or not file.is_file():
        return {}
    try:
        task = load_task(dataset, log=lambda _: None)
        rows = {(row.source, row.index): row for row in read_rows(file)}
    except UserError:
        return {}
    found = {}
    for when, some in answers.items():
        asked = [(rows[one.dataset, one.index], str(one.response)) for one in some if (one.dataset, one.index) in rows]
        if asked and (words := task.remark([row for row, _ in asked], [response for _, response in asked])):
            found[when] = words
    return found


def as_json(runs: Sequence[OneRun]) -> str:
    """Everything as JSON, with what the tables round."""
    content = [
        {
            "run": one.name,
            "folder": str(one.record.folder),
            "recipe": one.record.meta.get("recipe"),
            "seed": one.seed,
            "git": one.record.meta.get("git"),
            "states": {str(stage["name"]): stage.get("state") for stage in one.record.stages},
            "seconds": one.seconds,
            "held_out": [asdict(row) for row in one.held_out],
            "test": [asdict(row) for row in one.tested],
            "remarks": one.remarks,
            "notes": list(one.notes),
        }
        for one in runs
    ]
    return json.dumps(content, indent=1) + "\n"
