"""What the teachers of all recipes share: their command, many questions at once, and the reasoning in a reply.

A teacher writes SFT rows from the replies of a chat model behind any OpenAI-compatible endpoint. Every reply is
cached, so a run that stops goes on where it was.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf

from data_pipelines.cli import parse
from src.chat import Chat, ChatSettings
from src.errors import DataError, UserError
from src.tasks.build import write_traces
from src.tasks.row import Trace
from src.tasks.task import Task

ARGUMENTS = (
    "model=NAME base_url=URL out=FILE.parquet [candidates=4] [concurrency=4] [temperature=0.6] [max_tokens=8192] "
    "[timeout=600.0] [retries=4] [cache=FILE.jsonl]"
)
_COUNTS = {"candidates": 4, "concurrency": 4}
_ENDPOINT = {"model": ..., "base_url": ..., "temperature": 0.6, "max_tokens": 8192, "timeout": 600.0, "retries": 4}
_THINK = re.compile(r"<think>(.*?)</think>", re.DOTALL)

Sample = TypeVar("Sample")
Distilled = TypeVar("Distilled")


def reasoning(reply: str) -> str | None:
    """The text of a reply's think section; None where there is none, or an empty one."""
    found = _THINK.search(reply)
    return found[1].strip() or None if found else None


def distil_all(
    distil: Callable[[Sample], Distilled],
    samples: Sequence[Sample],
    concurrency: int,
    progress: Callable[[Sequence[Distilled]], None],
) -> list[Distilled]:
    """Call ``distil`` for every sample, ``concurrency`` at once.

    The first error ends it: questions that are not yet asked are dropped.

    Args:
        progress: gets what is done, now and then and at the end.
    """
    done: dict[int, Distilled] = {}
    pool = ThreadPoolExecutor(max_workers=concurrency)
    try:
        tasks = {pool.submit(distil, sample): place for place, sample in enumerate(samples)}
        for task in as_completed(tasks):
            done[tasks[task]] = task.result()
            if len(done) % 10 == 0 or len(done) == len(samples):
                progress(list(done.values()))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [done[place] for place in range(len(samples))]


def keep_traces(task: Task, traces: Sequence[Trace], out: Path) -> int:
    """Write what a teacher has found, and say how to train with it.

    Returns:
        How many traces there are.

    Raises:
        DataError: there is none.
    """
    if not traces:
        raise DataError("the teacher gave no usable trace: use a stronger model, or raise candidates or max_tokens")
    write_traces(traces, out)
    task.log(f"teacher: wrote {out} with {len(traces)} traces: train with dataset.traces.file={out}")
    return len(traces)


def run_teacher(
    argv: Sequence[str],
    usage: str,
    kind: type[Task],
    teach: Callable[..., object],
    more: Mapping[str, int] | None = None,
) -> int:
    """Run a teacher's command; return the exit status (2 after a message about what the user can correct).

    Args:
        kind: the recipe's task, made from the composed dataset.
        teach: called with that task, the chat, the output file, and as keywords the numbers: ``candidates``,
            ``concurrency``, and those of ``more``, each at least 1.
        more: further numbers with their defaults.
    """
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: {usage}")
        return 0 if argv else 2
    counts = {**_COUNTS, **(more or {})}
    options: dict[str, Any] = {**_ENDPOINT, **counts, "out": ..., "cache": None}
    try:
        cfg, given = parse(argv, options, usage)
        for key in (*counts, "max_tokens"):
            if given[key] < 1:
                raise DataError(f"{key}={given[key]}: set it to at least 1")
        settings = ChatSettings(**{key: given[key] for key in _ENDPOINT} | {"model": str(given["model"])})
        out = Path(str(given["out"])).expanduser()
        plain: Any = OmegaConf.to_container(cfg, resolve=True)
        task = kind(plain)
        with Chat(settings, Path(given["cache"] or f"{out}.cache.jsonl").expanduser()) as chat:
            teach(task, chat, out, **{key: given[key] for key in counts})
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
