"""One evaluation, from a model and a dataset's settings to a dictionary with everything."""

import copy
import importlib.metadata
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from omegaconf import DictConfig, OmegaConf

from src.config.named import load_function
from src.errors import ConfigError, DataError
from src.evaluation.generate import open_generator
from src.evaluation.model_folder import check_model
from src.evaluation.questions import Group, QuestionSet, as_dict, ask, choose
from src.evaluation.requests import Completion, Generate, Prompt
from src.evaluation.settings import EvaluationSettings
from src.tasks.forecast.rolling import Questions, Rolled, Window, forecast, roll_count
from src.tasks.forecast.scoring import score

Log = Callable[[str], None]


class TextGenerator(Protocol):
    """A `requests.Generate` that counts."""

    seconds: float
    prompt_tokens: int
    tokens: int

    @property
    def generate(self) -> Generate: ...


# model, settings, the first prompts, how many rolls -> the generator, for as long as the context is open
OpenGenerator = Callable[[str, EvaluationSettings, Sequence[Prompt], int], AbstractContextManager[TextGenerator]]


def evaluate(
    model: str,
    dataset_cfg: Mapping[str, Any] | DictConfig,
    settings: EvaluationSettings | None = None,
    *,
    log: Log = print,
    keep: Callable[[dict[str, Any]], None] | None = None,
    opener: OpenGenerator = open_generator,
) -> dict[str, Any]:
    """Let `model` answer the questions of a dataset, and score it beside the baselines.

    model: folder or hub name. dataset_cfg: a `dataset` node as in conf/dataset/*.yaml; the module of its
    `builder` also has `load_dataset` (forecasting), or `load_questions` (src.evaluation.questions). keep: is
    given each answer with its prompt. opener: another way to generate text.

    Returns a dictionary for JSON: for forecasting with the numbers of `scoring.score`, errors in original
    units; for other questions (`kind` is `questions`) with `groups`.
    Raises UserError (one sentence), before vLLM is imported, for a model, dataset or setting of no use.
    """
    settings = settings or EvaluationSettings()
    settings.check()
    model = check_model(model)
    cfg = _plain(dataset_cfg)
    load_questions = _offered(cfg["builder"], "load_questions")
    if load_questions is not None:
        if settings.horizon is not None:
            raise ConfigError(f"horizon={settings.horizon} is for forecasting datasets only: leave it out")
        questions = load_questions(cfg, split=settings.split, download=settings.download, log=log)
        return _answer_questions(model, questions, cfg, settings, log, keep, opener)
    return _forecast_windows(model, cfg, settings, log, keep, opener)


def _plain(dataset_cfg: Mapping[str, Any] | DictConfig) -> dict[str, Any]:
    """The dataset's settings as a dictionary of the caller's own; ConfigError without a builder."""
    cfg: Any = dataset_cfg
    if isinstance(cfg, DictConfig):
        cfg = OmegaConf.to_container(cfg, resolve=True)
    cfg = copy.deepcopy(dict(cfg))
    if "." not in str(cfg.get("builder", "")):
        raise ConfigError("dataset.builder is not the dotted path of a function: see conf/dataset/*.yaml")
    return cfg


def _offered(builder: str, name: str) -> Callable[..., Any] | None:
    """A function beside the builder, None where its module has none."""
    try:
        return load_function(builder.rpartition(".")[0], name)
    except ConfigError:  # a module that cannot be imported is reported by who needs it
        return None


def _answer_questions(
    model: str,
    questions: QuestionSet,
    cfg: Mapping[str, Any],
    settings: EvaluationSettings,
    log: Log,
    keep: Callable[[dict[str, Any]], None] | None,
    opener: OpenGenerator,
) -> dict[str, Any]:
    began = time.perf_counter()
    chosen = choose(questions.rows, settings.max_windows, settings.seed)
    log(
        f"evaluating {model} on {questions.name} ({settings.split}): {len(chosen)} questions, "
        f"{settings.distinct_runs} run(s)"
    )
    with opener(model, settings, [list(row["prompt"]) for row in chosen], 1) as generator:
        loaded = time.perf_counter()
        rows, answers = ask(chosen, settings, generator.generate)
    if keep is not None:
        for row, answer in zip(rows, answers, strict=True):
            keep(_answer_record(row, answer))
    groups: Mapping[str, Group] = questions.score(rows, [answer.text for answer in answers], settings.seed)
    return {
        "kind": "questions",
        "model_name": model,
        "dataset": questions.name,
        "split": settings.split,
        "runs": settings.distinct_runs,
        "fingerprint": questions.fingerprint,
        "groups": {name: as_dict(group) for name, group in groups.items()},
        "truncated_frac": float(np.mean([answer.truncated for answer in answers])),
        **_about(settings, cfg, generator, began, loaded),
    }


def _answer_record(row: Mapping[str, Any], answer: Completion) -> dict[str, Any]:
    info = row["extra_info"]
    return {
        "data_source": row["data_source"],
        "index": info.get("index"),
        "ground_truth": row["reward_model"]["ground_truth"],
        "prompt": [dict(message) for message in row["prompt"]],
        "response": answer.text,
        "problem": answer.problem,
    }


def _forecast_windows(
    model: str,
    dataset_cfg: Mapping[str, Any],
    settings: EvaluationSettings,
    log: Log,
    keep: Callable[[dict[str, Any]], None] | None,
    opener: OpenGenerator,
) -> dict[str, Any]:
    began = time.perf_counter()
    cfg, horizon = _dataset_settings(dataset_cfg, settings)
    load = load_function(cfg["builder"].rpartition(".")[0], "load_dataset")
    data = load(cfg, fetch=settings.download, log=log)
    windows = _choose(data.samples(settings.split), settings)
    questions = Questions(data.settings.horizon, data.prompt, data.continued)
    rolls, runs = roll_count(horizon, questions.horizon), settings.distinct_runs
    log(
        f"evaluating {model} on {data.settings.name} ({settings.split}): {len(windows)} windows, "
        f"{runs} run(s), horizon {horizon} in {rolls} roll(s)"
    )
    with opener(model, settings, [questions.render(one) for one in windows], rolls) as generator:
        loaded = time.perf_counter()
        rolled = forecast(windows, questions, horizon, runs, settings.seed, generator.generate)
    if keep is not None:
        for one in rolled:
            keep(_record(one, windows[one.window]))
    return {
        "kind": "evaluation",
        "model_name": model,
        "dataset": data.settings.name,
        "split": settings.split,
        "horizon": horizon,
        "rolls": rolls,
        "runs": runs,
        "fingerprint": data.fingerprint,
        **score(windows, rolled),
        **_about(settings, cfg, generator, began, loaded),
    }


def _about(
    settings: EvaluationSettings, cfg: Mapping[str, Any], generator: TextGenerator, began: float, loaded: float
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
        "dataset_settings": dict(cfg),
        "versions": {name: _version(name) for name in ("vllm", "torch", "transformers")},
    }


def _dataset_settings(dataset_cfg: Mapping[str, Any], settings: EvaluationSettings) -> tuple[dict[str, Any], int]:
    """Return the dataset's settings with a truth as long as the horizon, and the horizon."""
    cfg = dict(dataset_cfg)
    block = cfg.get("horizon")
    if not isinstance(block, int) or block < 1:
        raise ConfigError(f"dataset.horizon is {block}: set it to the number of steps of one answer")
    evaluation = cfg["evaluation"] = dict(cfg.get("evaluation") or {})
    on_test = settings.split == "test"
    horizon = settings.horizon or (on_test and evaluation.get("target_length")) or block
    if horizon < block:
        raise ConfigError(
            f"horizon={horizon} is shorter than one answer ({block} steps): set dataset.horizon={horizon} instead"
        )
    if horizon > block and not on_test:
        raise ConfigError(
            f"horizon={horizon} is longer than the {block} true values of a window of "
            f"split={settings.split}: rolling forecasts need split=test"
        )
    if on_test:
        evaluation["target_length"] = horizon if horizon > block else None
    return cfg, horizon


def _choose(windows: Sequence[Window], settings: EvaluationSettings) -> Sequence[Window]:
    """At most `max_windows` of the windows, drawn with the seed, in their order."""
    if not windows:
        raise DataError(f"the {settings.split} split has no windows: give a longer series or other borders")
    if settings.max_windows is None or settings.max_windows >= len(windows):
        return windows
    chosen = np.random.default_rng(settings.seed).choice(len(windows), settings.max_windows, replace=False)
    return [windows[number] for number in np.sort(chosen)]


def _record(one: Rolled, window: Window) -> dict[str, Any]:
    return {
        "channel": window.channel,
        "start": window.history_labels[0],
        "run": one.run,
        "history": list(window.history),
        "ground_truth": list(window.target),
        "prediction": one.prediction,
        "problem": one.problem,
        "prompts": one.prompts,
        "responses": [answer.text for answer in one.answers],
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
