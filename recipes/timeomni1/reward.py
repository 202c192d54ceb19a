"""The reward of TimeOmni-1 (arXiv 2509.24803, eq. 6-9), one function and one set of keys for all tasks.

    R        = format * F + task * T
    F        = 1 where the response is <think>...</think><answer>...</answer> and nothing else
    choice   T = 1[a = y]                                                                    (6)
    forecast T = exp(-alpha * MAE) + count * 1[as many values as asked], MAE over the horizon   (7, 8)
             exp(..) = 0 where the number of values is another

Preset ``scaled`` has exp(-kappa * MAE / reference_mae) instead: the sample's seasonal-naive error, measured on the
history, is the yardstick, so that one setting serves taxi trips and kilowatts. Both agree at reference_mae = kappa /
alpha = 14. A sample without a yardstick is scored by alpha.

``compute_score`` is what veRL calls; it is pure and never raises on a response.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recipes.timeomni1.answer import read_numbers
from recipes.timeomni1.truth import read_truth
from src.errors import ConfigError
from src.rewards.settings import check_number, settings_of
from src.tasks.choice.answer import letters, read_body, read_choice
from src.tasks.task import Task

PRESETS = ("paper", "scaled")
# The terms of each kind of answer; the others are zero for it, and left out of its averages.
CHOICE_TERMS = ("format", "choice")
FORECAST_TERMS = ("format", "mae", "length")
TERMS = ("format", "choice", "mae", "length")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a preset leaves open.

    Args:
        format, task: weights of eq. (9).
        count: the bonus for the right number of values.
        alpha: decay per unit of MAE.
        kappa: decay per reference error (``scaled``).
    """

    preset: str = "scaled"
    format: float = 0.1
    task: float = 1.0
    count: float = 0.1
    alpha: float = 0.1
    kappa: float = 1.4

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ConfigError(f"unknown reward preset {self.preset!r}; known are {', '.join(PRESETS)}")
        for name in ("format", "task", "count", "alpha", "kappa"):
            check_number(name, getattr(self, name))


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, float]:
    """Score one response.

    Args:
        data_source: not used; the truth says what kind of answer is wanted.
        solution_str: the response text; any string is scored, none raises.
        ground_truth: the letter, or the list of the true values.
        extra_info: ``options``, how many there are (4), and ``reference_mae`` for ``scaled``.
        settings: fields of ``Settings``.

    Returns:
        ``score``, the sum of the weighted terms format, choice, mae and length; ``acc``, whether the choice is right or
        the forecast is at least as good as the reference; ``valid``, whether there is an answer at all: any text for a
        choice, exactly the asked number of values for a forecast.

    Raises:
        ConfigError: a setting that does not exist or is out of range.
    """
    chosen = settings_of(Settings, settings, "the reward of timeomni1")
    body = read_body(solution_str)
    info = extra_info if isinstance(extra_info, Mapping) else {}
    truth = read_truth(ground_truth)
    terms = dict.fromkeys(TERMS, 0.0)
    terms["format"] = chosen.format * float(body.well_formed)
    acc = valid = False
    if isinstance(truth, str):
        acc = read_choice(body.text, letters(_count(info.get("options")))) == truth
        valid = bool(body.text)
        terms["choice"] = chosen.task * float(acc)
    elif truth is not None:
        values = read_numbers(body.text, len(truth))
        if values is not None and len(values) == len(truth):
            valid = True
            error = math.fsum(abs(x - y) for x, y in zip(values, truth, strict=True)) / len(truth)
            reference = _positive(info.get("reference_mae"))
            decay = chosen.alpha * error
            if chosen.preset == "scaled" and reference is not None:
                decay = chosen.kappa * error / reference
            acc = error <= reference if reference is not None else decay <= chosen.kappa
            terms["mae"] = chosen.task * math.exp(-decay)
            terms["length"] = chosen.task * chosen.count
    return {"score": math.fsum(terms.values()), "acc": float(acc), **terms, "valid": float(valid)}


def admit_settings(task: Task, settings: Mapping[str, Any]) -> None:
    """Refuse settings that there are not; ``src.rewards.belonging`` calls it before anything starts.

    Raises:
        ConfigError: with the settings that there are.
    """
    settings_of(Settings, settings, "the reward of timeomni1")


def _count(options: Any) -> int:
    return options if isinstance(options, int) and 2 <= options <= 26 else 4


def _positive(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value <= 0:
        return None
    return float(value)
