"""Reasoning traces from a chat model behind any OpenAI-compatible endpoint: analyser, keep if right, rewriter.

    python -m recipes.timeomni1.teacher dataset=timeomni1 model=M base_url=URL out=traces.parquet

A choice question goes to the analyser, which is told the paper's steps and not the answer; a right answer is kept with
its reasoning. For a wrong one the generator's own reasoning (the paper's expert chain) goes to the rewriter, whose text
is kept when it ends in the right letter. A forecast is never shown the truth, to the analyser or anyone else: of
``pool`` times as many questions as needed, with ``candidates`` chains each, those with the smallest errors are kept.

Then train with ``dataset.traces.file=traces.parquet``. Every reply is cached, so a run that stops goes on where it was.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipelines.teacher import ARGUMENTS, distil_all, keep_traces, reasoning, run_teacher
from recipes.timeomni1.answer import read_numbers
from recipes.timeomni1.collect import collect, token_counter
from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.prompts import question
from recipes.timeomni1.rows import trace
from recipes.timeomni1.task import TimeOmni1
from src.chat import Chat
from src.output import reader_may_leave
from src.tasks.choice.answer import letters, read_body, read_choice
from src.tasks.forecast.metrics import mae
from src.tasks.row import Trace

USAGE = f"python -m recipes.timeomni1.teacher dataset=NAME {ARGUMENTS} [pool=2]"
# The paper's steps for each task; the wording is our own.
STEPS = {
    "scenario": "1 check the length, 2 check the magnitude, 3 describe the shape, 4 align events, 5 double-check",
    "causality": "1 compare the trends, 2 align the fluctuations and find the lag, 3 consider the direction, 4 decide",
    "forecasting": "1 set a baseline, 2 measure the events' impact in the history, 3 consider the next day, 4 build "
    "the sequence, 5 finalise it",
    "decision": "1 forecast the load, 2 note prices and the principle, 3 check feasibility and the state of charge of "
    "each option, 4 compare what is discharged and saved, and decide",
    "pricing": "1 read the demand curve, 2 compute the profit of each price, 3 compare, 4 decide",
}


@dataclass(frozen=True)
class Kept:
    """A message to imitate.

    Args:
        origin: where it comes from, analyser or rewriter.
        error: the MAE, or 0 for a right choice and 1 for a wrong one.
    """

    text: str
    origin: str
    error: float


def analyser_prompt(item: Item) -> str:
    """The question with the steps to follow; nothing of the answer."""
    system, user = (message["content"] for message in question(item))
    return f"{system}\n\n{user}\n\nReason in these steps: {STEPS[item.task]}."


def rewriter_prompt(item: Item) -> str:
    """The question with the expert chain, which is to be told as one's own."""
    return (
        f"{analyser_prompt(item)}\n\nAn expert's notes, which lead to {item.answer}:\n{item.rationale}\n\nWrite the "
        "reasoning in your own words, in the steps above, as someone who sees the question only: do not mention notes, "
        f"an expert, or that the answer was known. End with <answer>{item.answer}</answer>."
    )


def distil(chat: Chat, item: Item, candidates: int) -> Kept | None:
    """The best trace of one question, None when there is no usable one."""
    prompt = analyser_prompt(item)
    found = [one for draw in range(candidates) if (one := _judge(item, chat.ask(prompt, draw), "analyser"))]
    if not item.options:
        return min(found, key=lambda one: one.error, default=None)
    right = [one for one in found if not one.error]
    if right:
        return right[0]
    revised = _judge(item, chat.ask(rewriter_prompt(item), 0), "rewriter")
    return revised if revised is not None and not revised.error else None


def _judge(item: Item, reply: str, origin: str) -> Kept | None:
    """A reply as a message to imitate, with its error; None without reasoning or an answer of the right form."""
    thought, body = reasoning(reply), read_body(reply).text
    if thought is None or body is None:
        return None
    if isinstance(item.answer, str):
        letter = read_choice(body, letters(len(item.options)))
        if letter is None:
            return None
        text, error = letter, float(letter != item.answer)
    else:
        values = read_numbers(body, len(item.answer))
        if values is None or len(values) != len(item.answer):
            return None
        text, error = body, mae(values, item.answer)
    return Kept(f"<think>{thought}</think>\n<answer>{text}</answer>", origin, error)


def teach(task: TimeOmni1, chat: Chat, out: Path, *, candidates: int, pool: int, concurrency: int) -> int:
    """Distil the SFT questions of every trained task into ``out`` (a file of traces) and return how many there are.

    Raises:
        DataError: there is none.
        UserError: the endpoint fails; the replies so far stay in the cache.
    """
    settings, found = task.typed, list[Trace]()
    for name in settings.tasks:
        wanted = settings.rows.get("sft", {}).get(name, 0)
        forecasts = name == "forecasting"
        drawn = collect(
            name,
            "sft",
            wanted * (pool if forecasts else 1),
            seed=settings.seed,
            size=Size(settings.size),
            count_tokens=token_counter(settings.tokenizer),
            limit=settings.max_prompt_tokens,
            **settings.draw_options(name),
        )
        count = len(drawn.items)

        def progress(done: Sequence[Kept | None], name: str = name, count: int = count) -> None:
            task.log(f"teacher: {name}: {len(done)} of {count} questions, {sum(map(bool, done))} with a trace")

        kept = distil_all(lambda item: distil(chat, item, candidates), drawn.items, concurrency, progress)
        usable = [
            (one, item, seed) for one, item, seed in zip(kept, drawn.items, drawn.seeds, strict=True) if one is not None
        ]
        if forecasts:
            usable = sorted(usable, key=lambda entry: entry[0].error)[:wanted]
        origins = Counter(one.origin for one, _, _ in usable)
        task.log(f"teacher: {name}: kept {len(usable)} of {count} questions, {dict(origins)}")
        found += [
            trace(item, "sft", len(found) + place, seed, text=one.text)
            for place, (one, item, seed) in enumerate(usable)
        ]
    return keep_traces(task, found, out)


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status (2 after a message about what the user can correct)."""
    return run_teacher(argv, USAGE, TimeOmni1, teach, {"pool": 2})


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
