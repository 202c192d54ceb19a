"""One evaluation, from a model and a dataset's settings to a dictionary with everything."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from omegaconf import DictConfig

from src.errors import DataError
from src.evaluation.generate import open_generator
from src.evaluation.model_folder import check_model
from src.evaluation.settings import EvaluationSettings
from src.evaluation.variants import check_variants, varied, with_variants
from src.tasks.asking import Generate, Request
from src.tasks.lazy import sources_of
from src.tasks.row import Row
from src.tasks.scores import counted
from src.tasks.task import Asked, Log, Task, load_task


class TextGenerator(Protocol):
    """A ``Generate`` that counts."""

    seconds: float
    prompt_tokens: int
    tokens: int

    @property
    def generate(self) -> Generate: ...


# model, settings, requests as long as those to come, turns -> the generator, for as long as the context is open
OpenGenerator = Callable[[str, EvaluationSettings, Sequence[Request], int], AbstractContextManager[TextGenerator]]


def evaluate(
    model: str,
    dataset: Mapping[str, Any] | DictConfig,
    settings: EvaluationSettings | None = None,
    *,
    log: Log = print,
    keep: Callable[[dict[str, Any]], None] | None = None,
    opener: OpenGenerator = open_generator,
) -> dict[str, Any]:
    """Let ``model`` answer the questions of a dataset, and score it beside the baselines.

    Args:
        model: folder or hub name.
        dataset: a ``dataset`` node as in conf/dataset/*.yaml; its task says everything of its questions.
        keep: is given each answer with its prompts.
        opener: another way to generate text.

    Returns:
        A result for JSON; docs/evaluation.md lists its parts.

    Raises:
        UserError: before vLLM is imported, for a model, dataset or setting of no use.
    """
    settings = settings or EvaluationSettings()
    settings.check()
    model = check_model(model)
    began = time.perf_counter()
    task = load_task(dataset, download=settings.download, log=log)
    task.admit(settings.split)
    check_variants(task, settings.variants)
    # Whatever a run's seed, its model is asked the same questions.
    drawn_by = int(task.settings.get("seed") or 0)
    ways = {"": task, **{name: varied(task, name) for name in settings.variants}}
    rows = {name: choose(way.rows(settings.split), settings.max_windows, drawn_by) for name, way in ways.items()}
    runs = settings.distinct_runs
    log(f"evaluating {model} on {task.name} ({settings.split}): {len(rows[''])} questions, {runs} run(s)")
    longest = [request for name, way in ways.items() for request in way.longest(rows[name])]
    with opener(model, settings, longest, task.turns) as generator:
        loaded = time.perf_counter()
        every = {name: way.ask(rows[name], runs, settings.seed, generator.generate) for name, way in ways.items()}
    asked = every[""]
    if keep is not None:
        for one in asked:
            keep(_record(one))
    found = {
        name: ways[name].score([one.row for one in of_way], [one.answer for one in of_way], settings.seed)
        for name, of_way in every.items()
    }
    scores = found.pop("")
    problems = (one.answer.problem for one in asked if one.answer.problem is not None)
    return {
        "model_name": model,
        "dataset": task.name,
        "task": task.settings["task"],
        "split": settings.split,
        "runs": runs,
        "fingerprint": task.fingerprint,
        "groups": with_variants({name: group.as_dict() for name, group in scores.groups.items()}, found),
        "details": {"problems": counted(problems), **scores.details},
        "truncated_frac": float(np.mean([any(answer.truncated for answer in one.completions) for one in asked])),
        **_about(settings, task, generator, began, loaded),
    }


def choose(rows: Sequence[Row], limit: int | None, seed: int) -> list[Row]:
    """At most ``limit`` rows of each source, drawn with the seed, in their order.

    Raises:
        DataError: there are none.
    """
    if not rows:
        raise DataError("the split has no questions: give the dataset more data or another split")
    kept: list[int] = []
    sources = sources_of(rows)
    for source in dict.fromkeys(sources):
        places = [place for place, one in enumerate(sources) if one == source]
        if limit is not None and limit < len(places):
            places = list(np.random.default_rng(seed).choice(places, limit, replace=False))
        kept += places
    return [rows[place] for place in sorted(kept)]


def _record(one: Asked) -> dict[str, Any]:
    """One answer, with all that was said."""
    return {
        "dataset": one.row.source,
        "task": one.row.task,
        "split": one.row.split,
        "index": one.row.index,
        "run": one.run,
        "info": dict(one.row.info),
        "ground_truth": one.row.truth,
        "prediction": one.answer.value,
        "problem": one.answer.problem,
        "prompts": [[dict(message) for message in prompt] for prompt in one.prompts],
        "responses": [answer.text for answer in one.completions],
    }


def _about(
    settings: EvaluationSettings, task: Task, generator: TextGenerator, began: float, loaded: float
) -> dict[str, Any]:
    """What a result says of how it came about."""
    return {
        "speed": {
            "seconds": time.perf_counter() - began,
            "load_seconds": loaded - began,
            "generate_seconds": generator.seconds,
            "prompt_tokens": generator.prompt_tokens,
            "tokens": generator.tokens,
            "tokens_per_second": generator.tokens / generator.seconds if generator.seconds else None,
        },
        "settings": asdict(settings),
        "dataset_settings": dict(task.settings),
        "versions": {name: _version(name) for name in ("vllm", "torch", "transformers")},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
