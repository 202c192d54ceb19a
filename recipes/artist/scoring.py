"""What the answers of many sessions are worth, and what they cost: by question, by kind, by the segments needed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.tasks.choice.task import options, right_by_question
from src.tasks.classify.metrics import LEAD, by_item, expected, metrics
from src.tasks.row import Row
from src.tasks.scores import ByQuestion, Group, Metric, Scores, ratio, to_best_baseline
from src.tasks.task import Answer, by_source

# Of ``outcome.counts`` -> the name of the metric, in the order in which they are shown.
OF_SESSION = {
    "session/rounds": "rounds",
    "session/segments": "segments",
    "session/coverage": "coverage",
    "session/recall": "evidence_recall",
    "session/precision": "evidence_precision",
    "session/calls": "calls",
    "session/tokens": "tokens",
    "session/prompt_tokens": "prompt_tokens",
    "session/cached_frac": "cached_frac",
}
_SHARES = ("coverage", "evidence_recall", "evidence_precision", "cached_frac")
ABOUT = {
    "balanced_acc": "the mean of the options' shares of right answers",
    "rounds": "calls of the controller",
    "coverage": "share of the series that was read, each step counted once",
    "evidence_recall": "share of the true evidence that was read",
    "evidence_precision": "share of what was read that is true evidence",
    "tokens": "sampled, of all calls to answer a question once",
}


@dataclass(frozen=True)
class SessionAnswer(Answer):
    """An answer that a session led to.

    Args:
        counts: what the session did (``recipes.artist.outcome.counts``).
    """

    counts: Mapping[str, float] = field(default_factory=dict)


def score(rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
    """Accuracy and its kin, pass@k, and what the sessions did where answers come from sessions.

    ``details`` has the accuracy by kind and by needed segments, beside the baselines; of several sources it stands
    under ``datasets``.
    """
    groups: dict[str, Group] = {}
    details: dict[str, dict[str, Any]] = {}
    for source, (of_rows, of_answers) in by_source(rows, answers).items():
        groups[source] = _group(of_rows, of_answers, seed)
        details[source] = {
            "kinds": _parts(of_rows, of_answers, lambda row: str(row.info["kind"])),
            "needed segments": _parts(of_rows, of_answers, lambda row: str(row.info["needed"] or "unknown")),
        }
    return Scores(groups, next(iter(details.values())) if len(details) == 1 else {"datasets": details})


def pass_at(k: int, right: int, runs: int) -> float:
    """The chance that at least one of ``k`` of the answers to a question is right (Chen et al. 2021, equation 1).

    >>> pass_at(2, right=1, runs=4)
    0.5
    """
    return 1.0 - math.comb(runs - right, k) / math.comb(runs, k)


def _group(rows: Sequence[Row], answers: Sequence[Answer], seed: int) -> Group:
    questions = list({row.index: row for row in rows}.values())
    letters = sorted({name for row in rows for name in options(row)})
    truths, given = [str(row.truth) for row in rows], [answer.value for answer in answers]
    places = {row.index: place for place, row in enumerate(questions)}
    items = [places[row.index] for row in rows]
    asked, right = (
        Counter(items),
        Counter(item for item, row, one in zip(items, rows, given, strict=True) if one == row.truth),
    )
    by_question = [right[item] / asked[item] for item in range(len(questions))]
    baselines = _baselines(questions, letters)
    baselines["shuffled"] = expected(truths, {one: n / len(given) for one, n in Counter(given).items()}, letters)
    found = metrics(by_item(truths, given, items, letters), seed)
    fewest = min(asked.values())
    for k in (2, 4, 8):
        if k <= fewest:
            values = [pass_at(k, right[item], asked[item]) for item in range(len(questions))]
            found[f"pass_at_{k}"] = ratio(values, [1.0] * len(values), seed, most=1.0)
    found |= _of_sessions(answers, items, len(questions), seed)
    return Group(
        LEAD,
        found,
        baselines,
        questions=len(questions),
        answers=len(answers),
        failed=sum(answer.problem is not None for answer in answers),
        about={name: words for name, words in ABOUT.items() if name in found},
        differences=to_best_baseline(LEAD, baselines, by_question, right_by_question(questions), seed),
        by_question=ByQuestion([str(row.index) for row in questions], list(range(len(questions))), by_question),
    )


def _of_sessions(answers: Sequence[Answer], items: Sequence[int], count: int, seed: int) -> dict[str, Metric]:
    """Means over questions; none for answers that were read without their sessions, as in a validated step."""
    found = {}
    for key, name in OF_SESSION.items():
        tops, bottoms = [0.0] * count, [0.0] * count
        for answer, item in zip(answers, items, strict=True):
            if isinstance(answer, SessionAnswer) and key in answer.counts:
                tops[item] += answer.counts[key]
                bottoms[item] += 1
        if any(bottoms):
            found[name] = ratio(tops, bottoms, seed, most=1.0 if name in _SHARES else math.inf)
    return found


def _baselines(questions: Sequence[Row], letters: Sequence[str]) -> dict[str, dict[str, Metric]]:
    truths = [str(row.truth) for row in questions]
    usual = Counter(truths).most_common(1)[0][0]
    chance = sum(1 / len(options(row)) for row in questions) / len(questions)
    found = {"majority": expected(truths, {usual: 1.0}, letters), "random": {LEAD: Metric(chance)}}
    stored = [row.info.get("shortcuts", {}) for row in questions]
    for name in stored[0]:
        if all(name in one for one in stored):
            right = [one[name] == row.truth for one, row in zip(stored, questions, strict=True)]
            found[name] = {LEAD: Metric(sum(right) / len(right))}
    return found


def _parts(rows: Sequence[Row], answers: Sequence[Answer], key: Any) -> dict[str, dict[str, Any]]:
    """Accuracy, and where it is known evidence recall and segments, of the rows with each value of a key."""
    groups: dict[str, tuple[list[Row], list[Answer]]] = {}
    for row, answer in sorted(zip(rows, answers, strict=True), key=lambda pair: key(pair[0])):
        of_rows, of_answers = groups.setdefault(key(row), ([], []))
        of_rows.append(row)
        of_answers.append(answer)
    found: dict[str, dict[str, Any]] = {}
    for name, (of_rows, of_answers) in groups.items():
        questions = {row.index: row for row in of_rows}
        means = _of_sessions(of_answers, [0] * len(of_rows), 1, 0)
        right = [answer.value == row.truth for row, answer in zip(of_rows, of_answers, strict=True)]
        beside = {
            one: metric[LEAD].value for one, metric in _baselines([*questions.values()], _letters(of_rows)).items()
        }
        found[name] = {
            LEAD: sum(right) / len(right),
            **{one: means[one].value for one in ("evidence_recall", "segments") if one in means},
            "questions": len(questions),
            "baselines": {one: {LEAD: value} for one, value in beside.items()},
        }
    return found


def _letters(rows: Sequence[Row]) -> list[str]:
    return sorted({name for row in rows for name in options(row)})
