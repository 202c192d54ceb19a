"""What a build proves of its questions: that they have one answer, and that no shortcut leads to it.

Three solvers stay below a ceiling: *blind* sees no series, *overview* what the controller sees, *statistics* those of
the whole series. For the last two this is proved, question by question: for every option there is a twin, a series with
the same overview and the same statistics for which that option is right, and the option is drawn evenly, after all
else. A solver that is told nothing but what all twins share cannot be better than chance.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recipes.artist import views
from recipes.artist.question import Question
from recipes.artist.source import Form
from recipes.artist.views import ViewSettings
from src.errors import DataError
from src.tasks.choice import baselines

_ERRORS = 4.0  # standard errors above its ceiling at which a solver counts as a leak: of many kinds one may scatter
_PROVED = 200  # questions of a split that are proved; each is drawn by the same code


@dataclass(frozen=True)
class _Words:
    """A question without its series, of which a build has gigabytes."""

    text: str
    truth: str
    options: int
    needed: int


def judge(
    questions: Sequence[Question], form: Form, view: ViewSettings, where: str, log: Callable[[str], None]
) -> dict[str, Any]:
    """Print and return the figures of one part of a build.

    Args:
        form: that drew them.
        where: the part's name, for people.

    Raises:
        DataError: a question has not the answer that it says, or a shortcut leads to the answers.
    """
    seen: dict[str, list[_Words]] = defaultdict(list)
    for place in range(len(questions)):
        question = questions[place]
        prove(question, form, view, shortcuts=place < _PROVED)
        seen[question.kind].append(_Words(question.text, question.truth, len(question.options), question.needed))
    figures = {kind: _figures(some) for kind, some in seen.items()}
    for kind, one in figures.items():
        check(f"{kind} ({where})", one)
    needed = Counter(one["needed"] for one in figures.values())
    counts = ", ".join(f"{count} segments ({kinds} kinds)" for count, kinds in sorted(needed.items()))
    blind = max(one["blind"] - one["chance"] for one in figures.values())
    log(
        f"{where}: {len(questions)} questions, the answer of each measured from its evidence; needed: {counts}; "
        f"{min(_PROVED, len(questions))} shown to look the same from above whichever option is right; blind at most "
        f"{blind:+.3f} from chance"
    )
    return figures


def prove(question: Question, form: Form, view: ViewSettings, *, shortcuts: bool = True) -> None:
    """Hold a question to its answer and, with ``shortcuts``, to its twins.

    Raises:
        DataError: it says which of the two fails.
    """
    if (found := form.measured(question)) != question.truth:
        raise DataError(
            f"{question.kind}: '{question.text}' says {question.truth} and its evidence {found}; correct the generator"
        )
    if not shortcuts:
        return
    twins = form.twins(question, view)
    if set(twins) != set(question.options):
        raise DataError(
            f"{question.kind}: twins for {sorted(twins)} of {sorted(question.options)}; correct the generator"
        )
    above = views.overview(question, view), views.statistics(question.series)
    for letter, series in twins.items():
        twin = replace(question, series=series, truth=letter)
        if form.measured(twin) != letter:
            raise DataError(f"{question.kind}: the answer of the twin for {letter} is another; correct the generator")
        if (views.overview(twin, view), views.statistics(series)) != above:
            raise DataError(
                f"{question.kind}: the overview or the statistics tell {letter} from {question.truth}; "
                "correct the generator, or set dataset.view.bins lower"
            )


def _figures(questions: Sequence[_Words]) -> dict[str, Any]:
    truths = [one.truth for one in questions]
    counts = [one.options for one in questions]
    chance = baselines.random(counts)
    return {
        "rows": len(questions),
        "needed": questions[0].needed,
        "letters": dict(sorted(Counter(truths).items())),
        "chance": chance,
        "blind": baselines.blind(truths, [one.text for one in questions], counts),
        "ceiling": chance,
    }


def check(kind: str, figures: Mapping[str, Any]) -> None:
    """Refuse questions whose wording gives the answer away.

    Raises:
        DataError: it names the kind and the solver.
    """
    rows, ceiling = figures["rows"], figures["ceiling"]
    most = ceiling + _ERRORS * math.sqrt(ceiling * (1 - ceiling) / rows)
    if figures["blind"] > most:
        raise DataError(
            f"kind {kind} leaks: solver blind gets {figures['blind']:.3f} of {rows} questions, its ceiling is "
            f"{ceiling:.3f}; correct the generator"
        )
