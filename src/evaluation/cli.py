"""The command line of the evaluation: `key=value` words in, tables and one JSON file out."""

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
from src.evaluation.settings import EvaluationSettings
from src.evaluation.table import print_results
from src.record.evaluation import upgraded
from src.record.files import write_whole

USAGE = """\
usage: python -m src.evaluate model=FOLDER_OR_NAME dataset=NAME [dataset.folder=DIR] [KEY=VALUE ...]

Lets a model forecast the windows of a dataset and scores it beside trivial baselines: MSE and MAE in original
units, the mean over runs, failed answers counted. Datasets with other questions are scored by their own
metrics. Exits with 0, or 2 after one line that says what to fix.

  horizon=N        steps to forecast; longer than dataset.horizon rolls forecasts forward (192, 336)
  runs=3           answers per window; their errors are averaged
  temperature=1.0  0 is greedy (one run); top_p=1.0
  max_tokens=3000  longest answer
  max_windows=N    a random subset, fixed by seed=0; of other questions, of each kind
  split=test       or val, train
  out=FILE.json    the whole result; by default a new file in outputs/evaluation
  answers=FILE     every prompt and answer, as JSON lines
  download=false   true fetches a missing data file
  dataset.KEY=...  overrides conf/dataset/NAME.yaml
  engine.KEY=...   an argument of vllm.LLM, such as engine.tensor_parallel_size=4"""


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
    print_results({"model": upgraded(result)})
    print(f"wrote {out}" + (f" and {answers}" if answers else ""))


def parse(arguments: Sequence[str]) -> tuple[dict[str, str], DictConfig, EvaluationSettings]:
    """Split the words into files (model, out, answers), the composed dataset and the settings.

    Raises ConfigError for an unknown dataset or key, a value of the wrong type, or no model or dataset.
    """
    given: dict[str, str] = {}
    own, overrides = [], []
    for word in arguments:
        key, equals, value = word.partition("=")
        if key in ("model", "dataset", "out", "answers") and equals:
            given[key] = value
        elif key.lstrip("+~").startswith("dataset."):
            overrides.append(word)
        elif equals and (key in EvaluationSettings.__dataclass_fields__ or key.startswith("engine.")):
            own.append(word)
        else:
            raise ConfigError(f"unknown option '{word}': see python -m src.evaluate --help")
    for key in ("model", "dataset"):
        if not given.get(key):
            raise ConfigError(f"no {key} given: add {key}=... (see python -m src.evaluate --help)")
    return given, compose_group("dataset", given["dataset"], overrides), _settings(own)


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
