"""The command line of the evaluation: ``key=value`` words in, tables and one JSON file out."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from src.config.compose import options
from src.config.group import compose_group
from src.errors import ConfigError, UserError
from src.evaluation.job import evaluate
from src.evaluation.run_task import task_of_run
from src.evaluation.settings import EvaluationSettings
from src.evaluation.table import print_results
from src.record.files import write_whole
from src.tasks.task import task_class

USAGE = """\
usage: python -m src.evaluate model=FOLDER_OR_NAME dataset=NAME [dataset.folder=DIR] [KEY=VALUE ...]

Lets a model answer the questions of a dataset and scores it by the metrics of the dataset's task, beside trivial
baselines: the mean over runs, failed answers counted. Exits with 0, or 2 after one line that says what to fix.

  runs=3           answers to each question; their scores are averaged
  temperature=1.0  0 is greedy (one run); top_p=1.0
  max_tokens=3000  longest answer
  max_windows=N    a random subset of the questions of each kind, fixed by dataset.seed
  seed=0           of the answers that are sampled
  split=test       or val, train
  task=DOTTED      another task for the dataset; that of the run by default, where the model is a run's
  horizon=N        a word of the task: of forecasting, steps to forecast, rolling forward beyond dataset.horizon
  out=FILE.json    the whole result; by default a new file in outputs/evaluation
  answers=FILE     every prompt and answer, as JSON lines
  download=false   true fetches a missing data file
  dataset.KEY=...  overrides conf/dataset/NAME.yaml
  engine.KEY=...   an argument of vllm.LLM, such as engine.tensor_parallel_size=4"""

_FILES = ("model", "dataset", "out", "answers")


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit status."""
    if not arguments or {"-h", "--help"} & set(arguments):
        print(
            USAGE,
            f"datasets: {', '.join(options('dataset'))}",
            sep="\n\n",
            file=sys.stdout if arguments else sys.stderr,
        )
        return 0 if arguments else 2
    try:
        _run(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _run(arguments: Sequence[str]) -> None:
    files, dataset, settings = parse(arguments)
    name = Path(files["model"]).name or "model"
    default = Path("outputs/evaluation") / f"{name}-{dataset.name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    out = Path(files.get("out") or default).expanduser()
    answers = Path(files["answers"]).expanduser() if files.get("answers") else None
    _check_writable(out)
    if answers is not None:
        _check_writable(answers)
    records: list[dict[str, Any]] = []
    result = evaluate(files["model"], dataset, settings, keep=records.append)
    _write(out, json.dumps(result, indent=1, allow_nan=False) + "\n")
    if answers is not None:
        _write(answers, "".join(json.dumps(record) + "\n" for record in records))
    print_results({"model": result})
    print(f"wrote {out}" + (f" and {answers}" if answers else ""))


def parse(arguments: Sequence[str]) -> tuple[dict[str, str], DictConfig, EvaluationSettings]:
    """Split the words into files (model, out, answers), the composed dataset and the settings.

    Raises:
        ConfigError: an unknown dataset or key, a value of the wrong type, no model or no dataset.
    """
    given: dict[str, str] = {}
    own, overrides, left = [], [], []
    for word in arguments:
        key, equals, value = word.partition("=")
        if key in _FILES and equals:
            given[key] = value
        elif key == "task" and equals:
            overrides.append(f"dataset.task={value}")
        elif key.lstrip("+~").startswith("dataset."):
            overrides.append(word)
        elif equals and (key in EvaluationSettings.__dataclass_fields__ or key.startswith("engine.")):
            own.append(word)
        else:
            left.append(word)
    for key in ("model", "dataset"):
        if not given.get(key):
            raise ConfigError(f"no {key} given: add {key}=... (see python -m src.evaluate --help)")
    settings = _settings(own)
    return given, _dataset(given, overrides, left), settings


def _dataset(given: dict[str, str], overrides: Sequence[str], words: Sequence[str]) -> DictConfig:
    """The dataset, with the task that the model was trained on, and the words that this task knows."""
    dataset = compose_group("dataset", given["dataset"], overrides)
    kind = task_class(dataset)
    named = any(word.startswith("dataset.task=") for word in overrides)
    if not named and (trained := task_of_run(Path(given["model"]).expanduser(), kind)):
        print(f"the task is {trained}, which the model's run has trained (task={dataset.task} for the dataset's own)")
        overrides = [*overrides, f"dataset.task={trained}"]
        dataset = compose_group("dataset", given["dataset"], overrides)
        kind = task_class(dataset)
    for word in words:
        key, _, value = word.partition("=")
        if key not in kind.words:
            known = f"; the words of {dataset.task} are {', '.join(kind.words)}" if kind.words else ""
            raise ConfigError(f"unknown option '{word}': see python -m src.evaluate --help{known}")
        overrides = [*overrides, f"dataset.{kind.words[key]}={value}"]
    return compose_group("dataset", given["dataset"], overrides) if words else dataset


def _settings(words: Sequence[str]) -> EvaluationSettings:
    try:
        merged = OmegaConf.merge(OmegaConf.structured(EvaluationSettings), OmegaConf.from_dotlist(list(words)))
        settings = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key}: {_one_line(error)}: see --help for its form") from None
    except YAMLError:
        raise ConfigError(f"one of {' '.join(words)} has no readable value: see --help for its form") from None
    assert isinstance(settings, EvaluationSettings)
    settings.check()
    return settings


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def _check_writable(path: Path) -> None:
    """Refuse an unusable file now, not after an hour of generation."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: name a file")
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise ConfigError(f"cannot write {path}: {nearest} is not a folder that you may write to")


def _write(path: Path, text: str) -> None:
    """Write a whole file and move it into place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}): free space or choose another place") from None
