"""Traces from a vision model behind any OpenAI-compatible endpoint, as the paper has them from GPT-4o.

The model is shown each plot as it will be seen in training, after a few examples of other series with answers, and what
it says is kept where its class is right. Every reply is cached, so a run that stops goes on where it was.

    python -m recipes.timemaster.teacher dataset=gunpoint model=M base_url=URL out=traces.parquet [examples=2]

Then train with ``dataset.traces.file=traces.parquet``; ``dataset.traces.samples`` says how many questions are asked.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipelines.teacher import ARGUMENTS, distil_all, keep_traces, run_teacher
from recipes.timemaster import traces
from recipes.timemaster.task import TimeMaster
from src.chat import Chat
from src.output import reader_may_leave
from src.tasks.images import as_content
from src.tasks.row import Row, Trace
from src.tasks.sections import read_sections

USAGE = f"python -m recipes.timemaster.teacher dataset=NAME [dataset.folder=DIR] {ARGUMENTS} [examples=2]"


@dataclass(frozen=True)
class Distilled:
    """The outcome of one question: the answer that was kept, or why none was."""

    answer: str | None
    problem: str | None = None


def distil(task: TimeMaster, chat: Chat, row: Row, examples: Sequence[dict[str, Any]], draws: range) -> Distilled:
    """Ask one question until its class is right.

    Args:
        examples: messages that stand before it.
        draws: the numbers of the replies that may be drawn.
    """
    asked = [*examples, {"role": "user", "content": as_content(row.messages[0]["content"], row.images)}]
    problem = ""
    for draw in draws:
        reply = chat.ask(asked, draw)
        answer, texts = task.read(row, reply), read_sections(reply, task.sections).texts
        if not answer.well_formed or answer.value is None:
            problem = problem or "no answer in form"
        elif answer.value != row.truth:
            problem = "the class is wrong"
        else:
            kept = {**texts, "class": str(answer.value)}
            return Distilled("\n".join(f"<{name}>{kept[name]}</{name}>" for name in task.sections))
    return Distilled(None, problem)


def examples_of(task: TimeMaster, count: int) -> list[dict[str, Any]]:
    """Questions about validation's series, of as many classes as there are, with the writer's answers, as messages."""
    found: dict[str, list[dict[str, Any]]] = {}
    for place, one in enumerate(task.shown("sft_val")):
        if one.label in found or len(found) == count:
            continue
        row = task.question("sft_val", place)
        answer = traces.write(one, one.label, task.differences, style="full", extension=task.typed.extension)
        asked = {"role": "user", "content": as_content(row.messages[0]["content"], row.images)}
        found[one.label] = [asked, {"role": "assistant", "content": answer}]
    return [message for messages in found.values() for message in messages]


def teach(task: TimeMaster, chat: Chat, out: Path, *, candidates: int, concurrency: int, examples: int) -> int:
    """Write the traces of ``dataset.traces.samples`` questions into ``out``, and return how many there are.

    Args:
        candidates: replies that are drawn at most for a question.
        examples: at most, one of each class.

    Raises:
        DataError: none is left.
        UserError: the endpoint fails; the replies so far stay in the cache.
    """
    shots = examples_of(task, examples)
    count, series = len(task.shown("sft")), len(task.archive.parts["train"])

    def one(place: int) -> Distilled:
        again = place // series  # a series that comes again, unmoved, gets other replies
        draws = range(again * candidates, (again + 1) * candidates)
        return distil(task, chat, task.question("sft", place), shots, draws)

    def progress(done: Sequence[Distilled]) -> None:
        kept = sum(one.answer is not None for one in done)
        task.log(f"teacher: {len(done)} of {count} questions, {kept} with a trace")

    done = distil_all(one, range(count), concurrency, progress)
    found = [
        Trace(task.question("sft", place), result.answer)
        for place, result in enumerate(done)
        if result.answer is not None
    ]
    for problem, times in Counter(one.problem for one in done if one.problem).items():
        task.log(f"teacher: {times} questions left out: {problem}")
    return keep_traces(task, found, out)


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status (2 after a message about what the user can correct)."""
    return run_teacher(argv, USAGE, TimeMaster, teach, {"examples": 2})


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
