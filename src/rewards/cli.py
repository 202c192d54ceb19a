"""Scores answers without training: ``python -m src.rewards reward=time_r1 input=FILE.jsonl``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from omegaconf import DictConfig, OmegaConf

from src.config.compose import CONF
from src.config.group import compose_group
from src.errors import ConfigError, DataError, UserError
from src.rewards.adapter import Reward
from src.rewards.belonging import check_rl, plain_judges
from src.tasks.row import Row, as_text
from src.tasks.task import load_task
from src.tasks.template import begun_by_model, begun_in

USAGE = """\
usage: python -m src.rewards reward=NAME input=FILE.jsonl [dataset=NAME] [model=FOLDER_OR_NAME] [KEY=VALUE ...]

Prints one JSON line per input line: `score` and every term of the reward conf/reward/NAME.yaml. With dataset=NAME
the reward has to fit the dataset's task and gets the settings that the dataset has for it, and without reward= it is
the task's own.
An input line is a JSON object with `response` (text), `ground_truth` (any JSON value) and, where the reward needs
it, `extra_info` (an object) and `data_source`. For forecasts `ground_truth` is a list of numbers and `extra_info`
holds `history`, the list that the prompt showed, and `period`, the steps per season. input=- reads standard input.
Where a model's chat template writes the beginning of every answer (DeepSeek and Qwen3 open <think>), the response is
only the rest: model= puts the beginning before it, and so does the key `prompt` of a line, the prompt as the model saw
it.
Any other KEY=VALUE overrides the config, such as reward.custom_reward_function.reward_kwargs.slope=2."""


def main(arguments: list[str]) -> int:
    """Run the command line; returns 0, or 2 after one line on stderr that says what to fix."""
    if not arguments or {"-h", "--help"} & set(arguments):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    try:
        given, overrides = _split(arguments)
        reward = load_reward(given.get("reward"), given.get("dataset"), overrides)
        begun = begun_by_model(given["model"]) if given.get("model") else ""
        with ExitStack() as stack:
            for number, row, response in _answers(_open(given["input"], stack), begun):
                terms, judgement = reward.wait_for(row, response, place=f"line {number}")
                print(json.dumps(terms if judgement is None else {**terms, "judges": asdict(judgement)["verdicts"]}))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader left, as ``head`` does: keep the interpreter's last flush from failing too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def load_reward(
    name: str | None, dataset: str | None = None, overrides: list[str] | None = None, conf: Path = CONF
) -> Reward:
    """The reward of conf/reward/<name>.yaml, checked as in a run.

    Args:
        name: None: that of the dataset's task.
        dataset: of conf/dataset; None: the reward is held against no task.
        overrides: of keys below ``reward.`` and ``dataset.``.

    Raises:
        ConfigError: no such reward or dataset, an override of a key it does not have, a function that cannot be
            imported, or a reward that is not for the dataset's task.
    """
    words = overrides or []
    of_dataset = [word for word in words if word.lstrip("+~").startswith("dataset.")]
    of_reward = [word for word in words if word not in of_dataset]
    node = compose_group("reward", name or "own", of_reward, conf)
    if dataset is None and of_dataset:
        raise ConfigError(f"{of_dataset[0]}: give dataset=NAME with it")
    if dataset is None:
        return Reward(None, _plain(node.custom_reward_function), plain_judges(node))
    # One tree, as in a run: the reward's settings may be the dataset's.
    both = OmegaConf.create({"reward": node, "dataset": compose_group("dataset", dataset, of_dataset, conf)})
    check_rl(both.dataset, both.reward)
    return Reward(load_task(both.dataset), _plain(both.reward.custom_reward_function), plain_judges(both.reward))


def _plain(function: DictConfig) -> Any:
    return OmegaConf.to_container(function, resolve=True)


def _split(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    given: dict[str, str] = {}
    overrides = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise ConfigError(f"{argument!r} is not of the form KEY=VALUE (see --help)")
        if key in ("reward", "dataset", "input", "model"):
            given[key] = value
        else:
            overrides.append(argument)
    if not given.get("input"):
        raise ConfigError("input=... is missing (see --help)")
    if not (given.get("reward") or given.get("dataset")):
        raise ConfigError("reward=... is missing (see --help)")
    return given, overrides


def _open(source: str, stack: ExitStack) -> IO[str]:
    if source == "-":
        return sys.stdin
    try:
        return stack.enter_context(Path(source).expanduser().open(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read input={source}: {error.strerror}") from error


def _answers(stream: IO[str], begun: str) -> Iterator[tuple[int, Row, str]]:
    number = 0
    try:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, *_answer(line, number, begun)
    except UnicodeDecodeError as error:
        raise DataError(f"line {number + 1}: not UTF-8 text") from error


def _answer(line: str, number: int, begun: str) -> tuple[Row, str]:
    """The row that a line describes, and the answer to it: the response, behind what the prompt has of it."""
    try:
        sample = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"line {number}: not JSON: {error}") from error
    if not isinstance(sample, dict):
        raise DataError(f"line {number}: not a JSON object")
    for key in ("response", "ground_truth"):
        if key not in sample:
            raise DataError(f"line {number}: the key {key!r} is missing")
    info: Any = sample.get("extra_info") or {}
    for key in ("response", "prompt"):
        if not isinstance(sample.get(key, ""), str):
            raise DataError(f"line {number}: {key!r} is not text")
    if not isinstance(info, dict):
        raise DataError(f"line {number}: 'extra_info' is not a JSON object")
    for key, value in (("ground_truth", sample["ground_truth"]), ("extra_info", info)):
        try:
            as_text(value)
        except ValueError:
            raise DataError(f"line {number}: {key!r} holds a number that is not finite") from None
    row = Row(
        source=str(sample.get("data_source", "")),
        task=str(info.get("task", "")),
        split=str(info.get("split", "")),
        index=number,
        messages=[],
        truth=sample["ground_truth"],
        info=info,
    )
    return row, (begun_in(sample["prompt"]) if "prompt" in sample else begun) + sample["response"]
