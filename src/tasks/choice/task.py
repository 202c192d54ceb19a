"""Questions with options as a task: reading, reward and score; a recipe adds rows and, for SFT, traces."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from src.tasks.choice import baselines
from src.tasks.choice.answer import letters, read_body, read_choice
from src.tasks.row import Row
from src.tasks.scores import ByQuestion, Group, Metric, Scores, ratio, to_best_baseline
from src.tasks.task import Answer, Task, by_source

FORMAT = 0.1


class ChoiceTask(Task):
    """Questions whose truth is the name of one option.

    A row's ``info`` holds ``options``: how many there are, named A, B, C, ..., or a list of class names. It may hold
    ``blind``, what is left of the question without its series (see ``baselines.blind``), and ``shortcuts``, the answers
    of named trivial solvers; both become baselines.
    """

    kind = "choice"

    def read(self, row: Row, response: str) -> Answer:
        """The option in the answer section, by the grammar of ``src.tasks.choice.answer``."""
        body = read_body(response)
        chosen = read_choice(body.text, options(row))
        if chosen is not None:
            return Answer(chosen, None, body.well_formed)
        problem = "there is no answer section" if body.text is None else "the answer is none of the options"
        return Answer(None, problem, body.well_formed)

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """``score`` = ``format`` (0.1 where the response is well formed) + ``accuracy`` (1 for the right option)."""
        answer = self.read(row, response)
        terms = {"format": FORMAT * answer.well_formed, "accuracy": float(answer.value == row.truth)}
        return {"score": sum(terms.values()), **terms, "valid": float(answer.problem is None)}

    def judge(self, row: Row, answer: Answer) -> Mapping[str, float]:
        """1 for the right option; an answer that cannot be read is wrong."""
        return {"acc": float(answer.value == row.truth)}

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """``acc``, the share of right answers, of which a failed one is none, with an interval over questions."""
        return Scores({source: _group(*some, seed) for source, some in by_source(rows, answers).items()})


def options(row: Row) -> list[str]:
    """The names of a row's options."""
    given = row.info["options"]
    return letters(given) if isinstance(given, int) else list(given)


def _group(rows: Sequence[Row], answers: Sequence[Answer], seed: int) -> Group:
    runs: dict[int, list[float]] = defaultdict(list)
    for row, answer in zip(rows, answers, strict=True):
        runs[row.index].append(float(answer.value == row.truth))
    right, asked = [sum(some) for some in runs.values()], [float(len(some)) for some in runs.values()]
    questions = list({row.index: row for row in rows}.values())
    beside = choice_baselines(questions) | {
        "shuffled": baselines.shuffled([answer.value for answer in answers], [row.truth for row in rows])
    }
    values = [one / of for one, of in zip(right, asked, strict=True)]
    metrics = {name: {"acc": Metric(value)} for name, value in beside.items()}
    return Group(
        "acc",
        {"acc": ratio(right, asked, seed, most=1.0)},
        metrics,
        questions=len(questions),
        answers=len(answers),
        failed=sum(answer.problem is not None for answer in answers),
        differences=to_best_baseline("acc", metrics, values, right_by_question(questions), seed),
        by_question=ByQuestion([str(index) for index in runs], list(range(len(runs))), values),
    )


def choice_baselines(rows: Sequence[Row]) -> dict[str, float]:
    """The accuracy of every baseline that needs no model; see ``src.tasks.choice.baselines``."""
    truths, counts = [row.truth for row in rows], [len(options(row)) for row in rows]
    found = {"majority": baselines.majority(truths), "random": baselines.random(counts)}
    if all("blind" in row.info for row in rows):
        found["blind"] = baselines.blind(truths, [str(row.info["blind"]) for row in rows], counts)
    return found | baselines.shortcuts([row.info.get("shortcuts", {}) for row in rows], truths)


def right_by_question(rows: Sequence[Row]) -> dict[str, list[float]]:
    """How right each baseline is on each question, of those whose accuracy is a mean over questions."""
    usual = Counter(row.truth for row in rows).most_common(1)[0][0]
    stored = [row.info.get("shortcuts", {}) for row in rows]
    solvers = [name for name in stored[0] if all(name in one for one in stored)]
    return {
        "majority": [float(row.truth == usual) for row in rows],
        "random": [1 / len(options(row)) for row in rows],
        **{name: [float(one[name] == row.truth) for one, row in zip(stored, rows, strict=True)] for name in solvers},
    }
