"""Whether every row fits, in the run's own tokens, known before the first stage starts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from src.config.stages import Stage
from src.errors import UserError
from src.launcher.data import Data
from src.launcher.stage import Interpreter
from src.processes.reaper import ending_with_this
from src.record.run import Run


def check_lengths(run: Run, stages: Sequence[Stage], data: Data, model: str, interpreter: Interpreter) -> None:
    """Refuse rows that are longer than their stage takes; veRL would end in the middle of it.

    Args:
        stages: those that are to be trained; one that truncates (``data.truncation``) is left out.
        model: whose tokenizer counts.

    Raises:
        UserError: with the longest row and the key to raise.
    """
    limits = [one for stage in stages for one in _limits(stage, data)]
    if not limits:
        return
    interpreter.wait()
    done = subprocess.run(
        [interpreter.python, "-m", "src.models.lengths", json.dumps({"model": model, "limits": limits})],
        env=interpreter.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=ending_with_this(),
    )
    with run.log("model").open("a") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode:
        raise UserError(f"the tokenizer of {model} cannot count the rows; see {run.log('model')}")
    for one in json.loads(done.stdout.splitlines()[-1]):
        rows = f"{one['count']} rows are" if one["count"] > 1 else "a row is"
        raise UserError(
            f"stage {one['stage']}: {rows} longer than {one['key']}={one['limit']}, the longest has {one['longest']} "
            f"tokens ({one['file']}): raise it to {one['longest']}, or shorten the dataset's questions"
        )


def _limits(stage: Stage, data: Data) -> Iterator[dict[str, Any]]:
    sft = stage.trainer == "sft"
    key, own = ("sft.data.max_length", "max_length") if sft else ("data.max_prompt_length", "max_prompt_length")
    if stage.config.data.truncation != "error":
        return
    for file in dict.fromkeys(data.files(stage)):
        yield {"stage": stage.name, "key": key, "limit": stage.config.data[own], "file": str(file)}
