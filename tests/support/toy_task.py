"""The smallest task there is: sums, of which every number is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from src.errors import DataError
from src.tasks.row import Row
from src.tasks.scores import Group, Metric, Scores, ratio
from src.tasks.task import Answer, Task

SETTINGS = {"name": "sums", "task": "toy_task.Sums", "rows": 5, "seed": 0}


class Sums(Task):
    """Row i of a split asks for i + i; even rows are of the source ``even``, odd ones of ``odd``."""

    kind = "number"
    words = {"rows": "rows"}  # noqa: RUF012

    @property
    def fingerprint(self) -> str:
        return f"sums-{self.settings['rows']}"

    def rows(self, split: str) -> Sequence[Row]:
        if self.settings["rows"] < 1:
            raise DataError("sums has no rows: raise dataset.rows")
        return [
            Row(
                source=("even", "odd")[place % 2],
                task="",
                split=split,
                index=place,
                messages=[{"role": "user", "content": f"{place} + {place} ="}],
                truth=2 * place,
                info={"terms": ["right"]},
            )
            for place in range(self.settings["rows"])
        ]

    def read(self, row: Row, response: str) -> Answer:
        text = response.strip()
        return Answer(int(text)) if text.isdigit() else Answer(None, "not a number", well_formed=False)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        right = float(self.read(row, response).value == row.truth)
        return {"score": right, "right": right}

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        groups = {}
        for source in dict.fromkeys(row.source for row in rows):
            pairs = [(row, answer) for row, answer in zip(rows, answers, strict=True) if row.source == source]
            right = [float(answer.value == row.truth) for row, answer in pairs]
            valid = [float(answer.problem is None) for _, answer in pairs]
            ones = [1.0] * len(pairs)
            groups[source] = Group(
                lead="acc",
                metrics={"acc": ratio(right, ones, seed), "acc_answered": ratio(right, valid, seed)},
                baselines={"zero": {"acc": Metric(sum(row.truth == 0 for row, _ in pairs) / len(pairs))}},
                questions=len({row.index for row, _ in pairs}),
                answers=len(pairs),
                failed=sum(answer.problem is not None for _, answer in pairs),
            )
        return Scores(groups)
