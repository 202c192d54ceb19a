"""Task 3, event-aware forecasting: two days of history, announced events, the next day.

In distribution: hourly trips around a venue, where an event of day two shows what one visitor brings. Out of
distribution: electricity load of hundreds to thousands of kW under heat waves, storms and holidays, which only the
scaled reward can compare. The noise-free mean is known, so each sample stores the error that noise alone causes. A
sample is accepted when the oracle, which sees the question only, comes near that floor and clearly beats ignoring an
announced event.

Size ``paper``: 48 hours, 24 ahead, five steps in several wordings, one rationale in ten corrects a first thought.
Size ``short``: days of six four-hour slots, 12 values and 6 ahead; the counts scatter less; day two always has an
event, an event touches its slot only, and its crowd is one or two thousand. Out of distribution the daily profile is
another one and crowds reach three thousand. One wording, no corrections.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.tasks.drawing import Floats, random_numbers
from recipes.timeomni1.tasks.forecasting import solver
from recipes.timeomni1.tasks.forecasting.rationale import full, short
from recipes.timeomni1.tasks.forecasting.solver import whole
from recipes.timeomni1.tasks.forecasting.windows import draw_load, draw_slots, draw_venue, read

NAME = "forecasting"
LABELS: tuple[str, ...] = ()
# On the mean of ``score``; the oracle reaches 0.57 at paper size, and the noise-free mean 0.65.
CEILINGS: Mapping[str, float] = {"copy_yesterday": 0.40, "mean_of_days": 0.45, "baseline_event_ignored": 0.50}
# The MAE at which a score is exp(-1.4). 14 makes it the paper's exp(-0.1 MAE); loads differ, and use their history.
_SCORE_MAE = {"venue": 14.0, "slots": 0.8}


def solve(question: str) -> tuple[float, ...]:
    """The oracle's forecast of the next day."""
    return tuple(float(value) for value in solver.solve(read(question)).forecast)


def shortcuts(question: str) -> dict[str, tuple[float, ...]]:
    """The forecasts of solvers that do not reason about events."""
    window = read(question)
    first, second = window.days
    found = {
        "copy_yesterday": second,
        "mean_of_days": whole((first + second) / 2),
        "baseline_event_ignored": solver.solve(window).baseline,
    }
    return {name: tuple(float(value) for value in values) for name, values in found.items()}


def score(item: Item, forecast: tuple[float, ...]) -> float:
    """exp(-1.4 MAE / score_mae) of a forecast (H,), what the ceilings are about."""
    error = np.abs(np.array(forecast) - np.array(item.answer, dtype=np.float64)).mean()
    return float(np.exp(-1.4 * error / item.info["score_mae"]))


def draw(seed: int, *, ood: bool, size: Size, want: str | None = None) -> Item | None:
    """One window; None when noise hides what the events do. There are no labels to want."""
    rng = random_numbers(seed, NAME)
    brief = size.name == "short"
    drawn = draw_slots(rng, ood) if brief else draw_load(rng) if ood else draw_venue(rng)
    window = read(drawn.question)
    horizon = len(window.history) // 2
    truth, expected = drawn.values[-horizon:], drawn.mean[-horizon:]
    solution = solver.solve(window)
    floor = _mae(whole(expected), truth)
    found = _mae(solution.forecast, truth)
    if found > 2 * floor + 0.01 * truth.mean():
        return None
    if window.coming is not None and found > 0.8 * _mae(solution.baseline, truth):
        return None
    first, second = window.days
    reference = max(_mae(first, second), 0.01 * float(np.abs(window.history).mean()))
    rationale, corrected = (short(window, solution), False) if brief else full(rng, window, solution)
    return Item(
        task=NAME,
        domain=drawn.domain,
        level=1 if window.coming is None else 2 if window.past is not None else 3,
        question=drawn.question,
        options=(),
        answer=tuple(float(value) for value in truth),
        oracle=solve(drawn.question),
        shortcuts=shortcuts(drawn.question),
        rationale=rationale,
        info={
            "horizon": horizon,
            "history": tuple(float(value) for value in window.history),
            "mean": tuple(round(float(value), 2) for value in expected),
            "floor_mae": round(floor, 4),
            "oracle_mae": round(found, 4),
            "copy_mae": round(_mae(second, truth), 4),
            "reference_mae": round(reference, 4),
            "score_mae": _SCORE_MAE.get(window.law, round(reference, 4)),
            "corrected": corrected,
        },
    )


def _mae(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).mean())
