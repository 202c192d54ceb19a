"""Series in named classes as a task: reading, reward and score; who derives from it adds rows and, for SFT, traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from src.tasks.choice.answer import read_class
from src.tasks.choice.task import options, right_by_question
from src.tasks.classify.metrics import LEAD, by_item, confusion, expected, metrics, values
from src.tasks.row import Row
from src.tasks.scores import ByQuestion, Group, Metric, Scores, to_best_baseline
from src.tasks.sections import read_sections
from src.tasks.task import Answer, Task, by_source

FORMAT, ACCURACY = 0.1, 0.9
SECTION = "class"


class ClassifyTask(Task):
    """Questions whose truth is the name of one class.

    A row's ``info`` holds ``options``: the names of all classes, the same for each row. It may hold ``shortcuts``, the
    classes that named solvers without a language model found, which become baselines; and ``group``, what questions
    depend on each other by (a recording that was cut, a person): intervals resample groups.
    """

    kind = "classify"
    # What a well-formed response consists of, in this order; one of them is ``class``.
    sections: Sequence[str] = ("think", SECTION)

    def read(self, row: Row, response: str) -> Answer:
        """The class in the class section; two names, or a name with other words, are no answer."""
        found = read_sections(response, self.sections)
        text = found.texts.get(SECTION)
        chosen = read_class(text, options(row))
        if chosen is not None:
            return Answer(chosen, None, found.well_formed)
        problem = "there is no class section" if text is None else "the class section names none of the classes"
        return Answer(None, problem, found.well_formed)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """``score`` = ``format`` (0.1 where the response is well formed) + ``accuracy`` (0.9 for the right class)."""
        answer = self.read(row, response)
        terms = {"format": FORMAT * answer.well_formed, "accuracy": ACCURACY * (answer.value == row.truth)}
        return {"score": sum(terms.values()), **terms, "valid": float(answer.problem is None)}

    def judge(self, row: Row, answer: Answer) -> Mapping[str, float]:
        """1 for the right class; an answer that cannot be read is wrong."""
        return {LEAD: float(answer.value == row.truth)}

    def items(self, rows: Sequence[Row]) -> list[int]:
        """One for each group where rows have one, else one for each question."""
        numbers: dict[Hashable, int] = {}
        return [numbers.setdefault(_item(row), len(numbers)) for row in rows]

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """Accuracy, balanced accuracy and macro-F1, and the confusion matrix under ``details``.

        ``details`` holds ``confusion``: ``classes``, and ``counts`` with a row for each true class, and a column for
        each answered one and, last, for answers that name none. Of several sources it stands under ``datasets``.
        """
        groups: dict[str, Group] = {}
        details: dict[str, dict[str, Any]] = {}
        for source, (of_rows, of_answers) in by_source(rows, answers).items():
            groups[source], details[source] = self._group(of_rows, of_answers, seed)
        return Scores(groups, next(iter(details.values())) if len(details) == 1 else {"datasets": details})

    def _group(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int) -> tuple[Group, dict[str, Any]]:
        classes = list(dict.fromkeys(name for row in rows for name in options(row)))
        truths, given = [str(row.truth) for row in rows], [answer.value for answer in answers]
        items = self.items(rows)
        matrices = by_item(truths, given, items, classes)
        questions = {row.index: row for row in rows}
        asked = Counter(row.index for row in rows)
        right = Counter(row.index for row, one in zip(rows, given, strict=True) if one == row.truth)
        by_question = [right[index] / asked[index] for index in questions]
        baselines = _baselines(list(questions.values()), classes)
        baselines["shuffled"] = expected(
            truths, {name: count / len(given) for name, count in Counter(given).items()}, classes
        )
        independent = self.items(list(questions.values()))
        group = Group(
            LEAD,
            metrics(matrices, seed),
            baselines,
            questions=len(questions),
            items=len(matrices),
            answers=len(answers),
            failed=sum(answer.problem is not None for answer in answers),
            about={"balanced_acc": "the mean of the classes' shares of right answers"},
            differences=to_best_baseline(
                LEAD, baselines, by_question, right_by_question(list(questions.values())), seed, independent
            ),
            by_question=ByQuestion([str(index) for index in questions], independent, by_question),
        )
        counts = [[int(count) for count in row] for row in matrices.sum(axis=0)]
        return group, {"confusion": {"classes": classes, "counts": counts}}


def _item(row: Row) -> Hashable:
    return (row.source, row.info["group"]) if row.info.get("group") is not None else (row.source, "", row.index)


def _baselines(rows: Sequence[Row], classes: Sequence[str]) -> dict[str, dict[str, Metric]]:
    """Always the most frequent class, a uniform guess, and the solvers whose answers every row carries."""
    truths = [str(row.truth) for row in rows]
    usual = Counter(truths).most_common(1)[0][0]
    found = {
        "majority": expected(truths, {usual: 1.0}, classes),
        "random": expected(truths, dict.fromkeys(classes, 1 / len(classes)), classes),
    }
    stored = [row.info.get("shortcuts", {}) for row in rows]
    for name in stored[0]:
        if all(name in one for one in stored):
            matrix = confusion(truths, [one[name] for one in stored], classes)
            found[name] = {metric: Metric(float(value)) for metric, value in values(matrix).items()}
    return found
