"""The reward of TimeMaster (arXiv 2506.13705): the form, the right class, and, judged, the extension.

    R = format * F + accuracy * A + weight * J      0.1, 0.9 and, as released, 0.5; J is a judge's (reward.judges)

    strict    F: each asked section once, in order, none empty, nothing around them, and one class named.
              A: the right class, in form.
    paper     F: the sections, in order, none empty. A: the right class, in form or not.
    released  F: the first <class> section that holds exactly a class, in any case. A: it is the right one. No other
              section is looked at: ``<class>X</class>`` alone earns it all, and a class in quotes, as the prompt prints
              it, nothing.

What strict closes is listed in README.md and held by tests. J is asked for only where A is earned: ``requires: [acc]``.

``compute_score`` is what veRL calls; it is pure and never raises on a response.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from src.errors import ConfigError
from src.rewards.settings import check_number, settings_of
from src.tasks.choice.answer import MAX_CHARS, read_class
from src.tasks.classify.task import SECTION
from src.tasks.sections import read_sections
from src.tasks.task import Task

PRESETS = ("strict", "paper", "released")
SECTIONS = ("think", SECTION, "extension")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a preset leaves open.

    Args:
        format, accuracy: weights of F and A.
        extension: whether the answer is asked for an extension, as all published tasks but CTU are.
    """

    preset: str = "strict"
    format: float = 0.1
    accuracy: float = 0.9
    extension: bool = True

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ConfigError(f"unknown reward preset {self.preset!r}; known are {', '.join(PRESETS)}")
        for name in ("format", "accuracy"):
            check_number(name, getattr(self, name))
        if not isinstance(self.extension, bool):
            raise ConfigError(f"reward setting extension={self.extension!r} must be true or false")

    @property
    def sections(self) -> tuple[str, ...]:
        """Of an answer in form."""
        return SECTIONS if self.extension else SECTIONS[:-1]


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, float]:
    """Score one response.

    Args:
        data_source: not used; the same reward serves all datasets.
        solution_str: the response text; any string is scored, none raises.
        ground_truth: the name of the right class.
        extra_info: ``options``, the names of all classes.
        settings: fields of ``Settings``.

    Returns:
        ``score``, the sum of the weighted terms ``format`` and ``accuracy``; ``acc``, 1 where the accuracy is earned;
        ``valid``, whether there is one class to be read by the project's grammar.

    Raises:
        ConfigError: a setting that does not exist or is out of range.
    """
    chosen = settings_of(Settings, settings)
    classes = _classes(extra_info)
    sections = read_sections(solution_str, chosen.sections)
    named = read_class(sections.texts.get(SECTION), classes)
    if chosen.preset == "released":
        found = _released(solution_str, classes)
        form, right = found is not None, found is not None and found == str(ground_truth).lower()
    elif chosen.preset == "paper":
        form, right = sections.well_formed, named is not None and named == ground_truth
    else:
        form = sections.well_formed and named is not None
        right = form and named == ground_truth
    terms = {"format": chosen.format * form, "accuracy": chosen.accuracy * right}
    return {"score": sum(terms.values()), **terms, "acc": float(right), "valid": float(named is not None)}


def admit_settings(task: Task, given: Mapping[str, Any]) -> None:
    """Refuse settings that there are not; ``src.rewards.belonging`` calls it before anything starts.

    Raises:
        ConfigError: with what to change.
    """
    settings = settings_of(Settings, given)
    asked = tuple(getattr(task, "sections", settings.sections))
    if settings.preset != "released" and asked != settings.sections:
        raise ConfigError(
            f"dataset {task.name} asks for the sections {', '.join(asked)}, and the reward for "
            f"{', '.join(settings.sections)}: set dataset.extension={'true' if settings.extension else 'false'} "
            "(of TimeMaster's task), or reward.custom_reward_function.reward_kwargs.extension alike"
        )


def _released(response: object, classes: Sequence[str]) -> str | None:
    """The class that the published scorer finds, in lower case: of the first section with nothing but a class in it."""
    if not isinstance(response, str) or len(response) > MAX_CHARS or not classes:
        return None
    names = "|".join(re.escape(name.lower()) for name in classes)
    found = re.search(rf"<class>\s*({names})\s*</class>", response, re.IGNORECASE)
    return None if found is None else found.group(1).lower()


def _classes(extra_info: Mapping[str, Any] | None) -> list[str]:
    given = extra_info.get("options") if isinstance(extra_info, Mapping) else None
    return [str(name) for name in given] if isinstance(given, list | tuple) else []
