"""The paper's general-reasoning benchmarks, from local files in the form that their authors publish.

gpqa: CSV with Question, Correct Answer, Incorrect Answer 1 to 3. reclor: JSON with context, question, answers, label.
drop: JSON of passages with qa_pairs; exact match and token F1, the best over all published answers of a question.
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.timeomni1.prompts import SYSTEM
from recipes.timeomni1.published_files import read_objects, read_table, require
from src.errors import DataError
from src.tasks.choice.answer import letters
from src.tasks.row import Message, Row
from src.tasks.scores import Group, Scores, ratio
from src.tasks.task import Answer

SYSTEM_TEXT = (
    "Output format: reason step by step inside <think> and </think>; then give the answer alone, a number, a date or "
    "words of the passage, inside <answer> and </answer>."
)
_GPQA = ("Question", "Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
_RECLOR = ("context", "question", "answers", "label")
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def _messages(system: str, user: str) -> list[Message]:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _choice(name: str, text: str, options: Sequence[str], right: int, where: str) -> Row:
    """A row; DataError when the right option is there twice."""
    if options.count(options[right]) > 1:
        raise DataError(f"{where}: the option '{options[right]}' is there twice, so that no letter is right: remove it")
    names = letters(len(options))
    lines = [f"{letter}) {option}" for letter, option in zip(names, options, strict=True)]
    messages = _messages(SYSTEM["choice"], "\n".join([text, *lines]))
    return Row(name, "", "test", 0, messages, names[right], {"options": len(options)})


def read_gpqa(path: Path, seed: int) -> list[Row]:
    """The rows of a CSV file of GPQA; the place of the right answer is drawn, the same in every process."""
    rows = []
    for number, one in enumerate(read_table(path), 1):
        require(one, _GPQA, path, number)
        order = np.random.default_rng([seed, number]).permutation(4)
        options = [one[_GPQA[1 + place]].strip() for place in order]
        rows.append(
            _choice(
                "gpqa",
                one["Question"].strip(),
                options,
                int(np.flatnonzero(order == 0)[0]),
                f"{path}, question {number}",
            )
        )
    return rows


def read_reclor(path: Path) -> list[Row]:
    """The rows of a JSON file of ReClor with labels."""
    rows = []
    for number, one in enumerate(read_objects(path), 1):
        require(one, _RECLOR, path, number)
        answers, label = one["answers"], one["label"]
        if not isinstance(answers, list) or not isinstance(label, int) or not 0 <= label < len(answers):
            raise DataError(f"{path}, question {number}: label {label} is none of its answers")
        text, options = f"{one['context']}\n{one['question']}", [str(answer) for answer in answers]
        rows.append(_choice("reclor", text, options, label, f"{path}, question {number}"))
    return rows


def read_drop(path: Path) -> list[Row]:
    """The rows of a JSON file of DROP, each with the answers of all annotators."""
    try:
        passages = json.loads(path.read_text("utf-8"))
        entries = [(passage["passage"], pair) for passage in passages.values() for pair in passage["qa_pairs"]]
        for number, (_, pair) in enumerate(entries, 1):
            require(pair, ("question", "answer"), path, number)
        truths = [
            [_drop_answer(one) for one in (pair["answer"], *pair.get("validated_answers", ()))] for _, pair in entries
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not in DROP's form ({error!r}): use drop_dataset_dev.json") from None
    rows = []
    for (passage, pair), answers in zip(entries, truths, strict=True):
        messages = _messages(SYSTEM_TEXT, f"{passage}\nQuestion: {pair['question']}")
        rows.append(Row("drop", "", "test", 0, messages, [one for one in answers if one]))
    return rows


def _drop_answer(one: Mapping[str, Any]) -> str:
    """One published answer as text: a number, a date, or spans."""
    if one.get("number"):
        return str(one["number"])
    if one.get("spans"):
        return " ".join(one["spans"])
    date = one.get("date") or {}
    return " ".join(str(date[part]) for part in ("day", "month", "year") if date.get(part))


def score_spans(rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
    """Exact match and token F1 of text answers, 0 where there is none, with bootstrap intervals over questions."""
    by_question: dict[int, list[tuple[bool, float, float]]] = {}
    for row, answer in zip(rows, answers, strict=True):
        found = (answer.problem is None, *best_match(answer.value, row.truth))
        by_question.setdefault(row.index, []).append(found)
    runs = list(by_question.values())
    weights = [float(len(some)) for some in runs]
    metrics = {
        name: ratio([sum(float(run[place]) for run in some) for some in runs], weights, seed)
        for place, name in enumerate(("success", "exact", "f1"))
    }
    failed = sum(not run[0] for some in runs for run in some)
    return Scores({rows[0].source: Group("f1", metrics, {}, len(runs), len(rows), failed)})


def best_match(answer: str | None, truths: Sequence[str]) -> tuple[float, float]:
    """Exact match and F1, each the best over the published answers."""
    pairs = [_match(answer or "", truth) for truth in truths]
    return (max(exact for exact, _ in pairs), max(f1 for _, f1 in pairs)) if pairs else (0.0, 0.0)


def _match(answer: str, truth: str) -> tuple[float, float]:
    """Exact match and F1 over words, after case, articles and punctuation are gone; numbers have to agree."""
    one, other = _words(answer), _words(truth)
    if not one or not other:
        return 0.0, 0.0
    numbers = [{word for word in words if _number(word)} for words in (one, other)]
    shared = sum((Counter(one) & Counter(other)).values())
    if not shared or (numbers[1] and not numbers[0] & numbers[1]):
        return 0.0, 0.0
    precision, recall = shared / len(one), shared / len(other)
    return float(one == other), 2 * precision * recall / (precision + recall)


def _words(text: str) -> list[str]:
    words = []
    for word in _ARTICLES.sub(" ", text.lower().replace("-", " ")).split():
        bare = word if _number(word) else "".join(sign for sign in word if sign not in string.punctuation)
        if bare:
            words.append(str(float(bare)) if _number(bare) else bare)
    return words


def _number(word: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,15})?", word) is not None
