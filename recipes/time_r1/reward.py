"""The reward of Time-R1 (arXiv 2506.10630): six terms that score one forecast answer.

``compute_score`` is what veRL calls; conf/reward/time_r1*.yaml name the preset and its settings.

    strict    (default) closes the holes of the published code       reward_strict.py
    paper     the paper's equations, with its silences filled        reward_published.py, PaperSettings
    released  the published code's values, version head or later     reward_published.py, ReleasedSettings

The function is pure: no I/O, no clock, no state but a bounded cache of what it knows of each truth.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recipes.time_r1.reward_published import RELEASED_MSE, PaperSettings, ReleasedSettings, paper_terms, released_terms
from recipes.time_r1.reward_strict import StrictSettings, strict_terms
from src.errors import ConfigError
from src.rewards.settings import settings_of
from src.tasks.forecast.answer import parse_forecast
from src.tasks.forecast.series import floats
from src.tasks.forecast.task import ForecastTask
from src.tasks.task import Task

TERMS = ("format", "length", "mse", "seasonal", "trend", "structural")
_Settings = StrictSettings | PaperSettings | ReleasedSettings
PRESETS: dict[str, type[_Settings]] = {
    "strict": StrictSettings,
    "paper": PaperSettings,
    "released": ReleasedSettings,
}


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    preset: str = "strict",
    **overrides: Any,
) -> dict[str, float]:
    """Scores one response.

    Args:
        data_source: name of the dataset; the same reward serves all.
        solution_str: the response text; any string is scored, none raises.
        ground_truth: the horizon's values in original units, list or array of shape (n,).
        extra_info: ``history``, the values that the prompt showed, and ``period``, steps per season (for strict).
        preset: "strict", "paper" or "released".
        overrides: fields of the preset's settings class.

    Returns:
        ``score``, the weighted terms format, length, mse, seasonal, trend and structural, whose sum it is, and
        ``valid``, 1.0 if the answer reads as exactly n finite numbers by the project's grammar, else 0.0.
        A truth that is not a list of finite numbers scores like an unreadable answer: -1, not valid.

    Raises:
        ConfigError: unknown preset or setting.
    """
    settings = _settings(preset, overrides)
    response = solution_str if isinstance(solution_str, str) else ""
    truth = floats(ground_truth)
    if truth is None:
        terms = dict.fromkeys(TERMS, 0.0) | {"format": -1.0}
        return {"score": -1.0, **terms, "valid": 0.0}
    answer = parse_forecast(response, len(truth))
    info = extra_info if isinstance(extra_info, Mapping) else {}
    if isinstance(settings, StrictSettings):
        terms = strict_terms(answer, truth, info, settings)
    elif isinstance(settings, PaperSettings):
        terms = paper_terms(answer, truth, settings)
    else:
        terms = released_terms(response, truth, settings)
    return {"score": sum(terms.values()), **terms, "valid": float(answer.problem is None)}


def admit_settings(task: Task, given: Mapping[str, Any]) -> None:
    """Refuse settings that there are not, and a dataset whose right answers the preset cannot read.

    ``src.rewards.belonging`` calls it before anything starts.

    Raises:
        ConfigError: with what to change.
    """
    overrides = {key: value for key, value in given.items() if key != "preset"}
    settings = _settings(given.get("preset", "strict"), overrides)
    example = task.example() if isinstance(task, ForecastTask) else None
    if not isinstance(settings, ReleasedSettings) or example is None:
        return
    truth, response = example
    if released_terms(response, np.array(truth), settings)["mse"] < RELEASED_MSE:
        raise ConfigError(
            f"the reward preset released cannot read the right answer in the form of dataset {task.name}: it wants a "
            "fence, and takes the first of at least four rows for a header; set dataset.prompt.timestamps=rows or "
            "dataset.prompt.header=true (of Time-R1's task), or choose another reward="
        )


def _settings(preset: str, overrides: Mapping[str, Any]) -> _Settings:
    if preset not in PRESETS:
        raise ConfigError(f"unknown reward preset {preset!r}; known are {', '.join(PRESETS)}")
    return settings_of(PRESETS[preset], overrides, f"reward preset {preset!r}")
