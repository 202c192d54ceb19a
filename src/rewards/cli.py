"""Scores answers without training: `python -m src.rewards reward=time_r1 input=FILE.jsonl`."""

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from omegaconf import OmegaConf

from src.config.compose import CONF
from src.config.group import compose_group
from src.config.named import load_function
from src.errors import ConfigError, DataError, UserError

USAGE = """\
usage: python -m src.rewards reward=NAME input=FILE.jsonl [KEY=VALUE ...]

Prints one JSON line per input line: `score` and every term of the reward conf/reward/NAME.yaml.
An input line is a JSON object with `response` (text), `ground_truth` and, where the reward needs it,
`extra_info` and `data_source`. For forecasting `ground_truth` is a list of numbers and `extra_info` holds
`history`, the list that the prompt showed, and `period`, the steps per season. input=- reads standard input.
Any other KEY=VALUE overrides the config, such as reward.custom_reward_function.reward_kwargs.slope=2."""


def main(arguments: list[str]) -> int:
    """Runs the command line; returns 0, or 2 after one line on stderr that says what to fix."""
    if not arguments or {"-h", "--help"} & set(arguments):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    try:
        name, source, overrides = _split(arguments)
        score = load_reward(name, overrides)
        with ExitStack() as stack:
            for number, sample in _samples(_open(source, stack)):
                print(json.dumps(_score_line(score, sample, number)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader left, as `head` does: keep the interpreter's last flush from failing too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def load_reward(name: str, overrides: list[str] | None = None, conf: Path = CONF) -> Callable[..., dict[str, float]]:
    """The reward function of conf/reward/<name>.yaml with its settings bound, as veRL would call it.

    Raises:
        ConfigError: no such reward, an override of a key it does not have, or a function that cannot be
        imported.
    """
    node = compose_group("reward", name, overrides or (), conf)
    entry: Any = OmegaConf.to_container(node.custom_reward_function, resolve=True)
    function = load_function(entry["path"], entry["name"])
    settings = entry.get("reward_kwargs") or {}
    return lambda **sample: function(**sample, **settings)


def _split(arguments: list[str]) -> tuple[str, str, list[str]]:
    given: dict[str, str] = {}
    overrides = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise ConfigError(f"{argument!r} is not of the form KEY=VALUE (see --help)")
        if key in ("reward", "input"):
            given[key] = value
        else:
            overrides.append(argument)
    for key in ("reward", "input"):
        if not given.get(key):
            raise ConfigError(f"{key}=... is missing (see --help)")
    return given["reward"], given["input"], overrides


def _open(source: str, stack: ExitStack) -> IO[str]:
    if source == "-":
        return sys.stdin
    try:
        return stack.enter_context(open(source, encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read input={source}: {error.strerror}") from error


def _samples(stream: IO[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, _sample(line, number)
    except UnicodeDecodeError as error:
        raise DataError(f"line {number + 1}: not UTF-8 text") from error


def _sample(line: str, number: int) -> dict[str, Any]:
    try:
        sample = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"line {number}: not JSON: {error}") from error
    if not isinstance(sample, dict):
        raise DataError(f"line {number}: not a JSON object")
    for key in ("response", "ground_truth"):
        if key not in sample:
            raise DataError(f"line {number}: the key {key!r} is missing")
    if not isinstance(sample["response"], str):
        raise DataError(f"line {number}: 'response' is not text")
    truth = sample["ground_truth"]
    if isinstance(truth, list) and not (truth and all(_is_finite_number(value) for value in truth)):
        raise DataError(f"line {number}: 'ground_truth' is not a list of finite numbers")
    return sample


def _is_finite_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf


def _score_line(score: Callable[..., dict[str, float]], sample: dict[str, Any], number: int) -> dict[str, float]:
    try:
        return score(
            data_source=sample.get("data_source", ""),
            solution_str=sample["response"],
            ground_truth=sample["ground_truth"],
            extra_info=sample.get("extra_info"),
        )
    except UserError:
        raise
    except Exception as error:  # another recipe's reward may not accept this line: name the line
        raise DataError(f"line {number}: the reward failed: {type(error).__name__}: {error}") from error
