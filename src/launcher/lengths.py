"""Whether every row fits, in the run's own tokens, known before the first stage starts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from src.config.stages import Stage
from src.errors import UserError
from src.launcher.data import Data
from src.launcher.stage import Interpreter
from src.processes.reaper import ending_with_this
from src.record.run import Run


def check_lengths(run: Run, stages: Sequence[Stage], data: Data, model: str, interpreter: Interpreter) -> Data:
    """Refuse rows that are longer than their stage takes, or leave them out; veRL would end in the middle of it.

    Args:
        stages: those that are to be trained; one that truncates (``data.truncation``) is left out.
        model: whose tokenizer, and processor where rows have images, counts.

    Returns:
        The data with, for the stages that say ``data.filter_overlong_prompts``, files of the rows that fit.

    Raises:
        UserError: with the longest row and the key to raise; or images that the model cannot be shown.
    """
    limits = [one for stage in stages for one in _limits(stage, data)]
    if not limits:
        return data
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
    found = json.loads(done.stdout.splitlines()[-1])
    if problem := found.get("problem"):
        raise UserError(problem)
    if found["scaled"]:
        print(f"images: {found['scaled']} are larger than the model takes, and are scaled down to its limit")
    fitting = dict(data.fitting)
    for one in found["too_long"]:
        if not one.get("fitting"):
            rows = f"{one['count']} rows are" if one["count"] > 1 else "a row is"
            raise UserError(
                f"stage {one['stage']}: {rows} longer than {one['key']}={one['limit']}, the longest has "
                f"{one['longest']} tokens ({one['file']}): raise it to {one['longest']}, or shorten the dataset's "
                "questions"
            )
        fitting[one["stage"], Path(one["file"])] = Path(one["fitting"])
        _leave_out(run, next(stage for stage in stages if stage.name == one["stage"]), one)
    return replace(data, fitting=fitting)


def _leave_out(run: Run, stage: Stage, one: Mapping[str, Any]) -> None:
    """Tell of the rows that a stage does without, and refuse to do without too many."""
    split, left = Path(one["file"]).stem, one["rows"] - one["count"]
    print(
        f"stage {stage.name}: {one['count']} of {one['rows']} rows of {split} are longer than "
        f"{one['key']}={one['limit']} and are left out (the longest has {one['longest']} tokens)"
    )
    least = stage.config.data.train_batch_size if split == "train" else 1
    if left < least:
        raise UserError(
            f"stage {stage.name}: {left} rows of {split} are left, and {least} are needed: raise {one['key']} to "
            f"{one['longest']}, or shorten the dataset's questions"
        )
    run.stage(stage.name).setdefault("left_out", {})[split] = one["count"]
    run.save()


def _limits(stage: Stage, data: Data) -> Iterator[dict[str, Any]]:
    sft, of_data = stage.trainer == "sft", stage.config.data
    key, own = ("sft.data.max_length", "max_length") if sft else ("data.max_prompt_length", "max_prompt_length")
    drop = not sft and bool(of_data.filter_overlong_prompts)
    if of_data.truncation != "error" and not drop:
        return
    for file in dict.fromkeys(data.files(stage)):
        limit = {"stage": stage.name, "key": key, "limit": of_data[own], "file": str(file)}
        yield {**limit, "fitting": str(file.with_name(f"{file.stem}.{stage.name}.parquet"))} if drop else limit
