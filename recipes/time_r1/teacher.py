"""Reasoning traces from a chat model behind any OpenAI-compatible endpoint: Algorithm 1 of Time-R1.

For each training window: k candidate forecasts, the best by MAPE, then k revised chains of thought written
with the true values at hand, one of them kept. The paper leaves k and its "SelectHighQuality" open; here a
revision counts as consistent when its own answer repeats the true values and its text does not admit to
having been given them.

    python -m recipes.time_r1.teacher dataset=etth1 dataset.folder=DIR model=M base_url=URL out=traces.parquet

Then train with ``dataset.traces.file=traces.parquet``. Every reply is cached, so a run that stops goes on where
it was.
"""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_pipelines.sample import ForecastSample
from data_pipelines.teacher import ARGUMENTS, distil_all, keep_traces, reasoning, run_teacher
from recipes.time_r1.task import TimeR1
from src.chat import Chat
from src.output import reader_may_leave
from src.tasks.forecast.answer import parse_forecast
from src.tasks.row import Trace

USAGE = f"python -m recipes.time_r1.teacher dataset=NAME [dataset.folder=DIR] {ARGUMENTS}"
# A revision repeats the true values that its prompt shows; this allows for a slip in the last digit.
_CONSISTENT_MAPE = 0.01
_TELLTALE = re.compile(
    r"\b(true|actual|correct)\s+(future\s+)?(values?|answers?|outcomes?)\b|\bground[ -]truth\b|\bcame true\b"
    r"|\bearlier (attempt|reasoning)\b|\bvalues (that )?(were|are) (given|shown|provided)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Distilled:
    """The outcome of one window: the reasoning that was kept, or why none was."""

    reasoning: str | None
    problem: str | None = None


def mape(prediction: Sequence[float] | np.ndarray, truth: Sequence[float] | np.ndarray) -> float:
    """Mean absolute percentage error of two (H,) series, as a fraction; true values of 0 are left out.

    If all true values are 0 it is 0 for an exact forecast and infinite otherwise.
    """
    error = np.abs(np.asarray(prediction, dtype=np.float64) - np.asarray(truth, dtype=np.float64))
    size = np.abs(np.asarray(truth, dtype=np.float64))
    if not size.any():
        return 0.0 if not error.any() else float("inf")
    with np.errstate(over="ignore"):  # a forecast near the largest float is just infinitely wrong
        return float(np.mean(error[size > 0] / size[size > 0]))


def distil(chat: Chat, sample: ForecastSample, prompt: str, candidates: int, answer: str) -> Distilled:
    """Run Algorithm 1 for one window: draw forecasts, take the best, revise its reasoning.

    Args:
        answer: the window's true values, as an answer.
    """
    best = _best(chat, prompt, candidates, sample)
    if best is None:
        return Distilled(None, "no candidate with a complete forecast and its reasoning")
    revision = _revision_prompt(prompt, best, answer)
    found = _best(chat, revision, candidates, sample, limit=_CONSISTENT_MAPE)
    if found is None:
        return Distilled(None, "no revised reasoning that leads to the true values")
    return Distilled(found)


def _best(chat: Chat, prompt: str, draws: int, sample: ForecastSample, limit: float | None = None) -> str | None:
    """Draw replies; the reasoning of the one nearest to the truth, None when none qualifies.

    Args:
        limit: only for revisions: the largest MAPE allowed; then a text that mentions the truth is refused, too.
    """
    truth = [float(sample.format(value)) for value in sample.target]
    qualified: list[tuple[float, int, str]] = []
    for draw in range(draws):
        reply = chat.ask(prompt, draw)
        text = reasoning(reply)
        answer = parse_forecast(reply, horizon=len(truth))
        if text is None or answer.problem is not None:
            continue
        error = mape(answer.values, truth)
        if limit is not None and (error > limit or _TELLTALE.search(text)):
            continue
        qualified.append((error, draw, text))
    return min(qualified)[2] if qualified else None


def _revision_prompt(prompt: str, thought: str, answer: str) -> str:
    return (
        f"{prompt}\n\n"
        "Below are the reasoning of an earlier attempt and the values that came true. Rewrite the reasoning "
        "so that it "
        "analyses the history (trend, cycle, method, limits) and arrives at these values. Write it as a "
        "forecaster who "
        "sees the history only: do not say that the values, or an attempt, were shown to you. Reply with the "
        "new "
        "reasoning inside <think> and </think>, followed by the values inside <answer> and </answer>, "
        "unchanged.\n\n"
        f"Earlier reasoning:\n{thought}\n\nValues that came true:\n{answer}"
    )


def teach(task: TimeR1, chat: Chat, out: Path, *, candidates: int, concurrency: int) -> int:
    """Distil the dataset's SFT windows into ``out`` (a file of traces) and return how many there are.

    Windows without a usable reply are left out and counted.

    Raises:
        DataError: none is left.
        UserError: the endpoint fails; the replies so far stay in the cache.
    """
    samples = task.data.sft_samples()
    prompts = [task.prompt(sample) for sample in samples]
    answers = [task.right_answer(sample) for sample in samples]

    def one(place: int) -> Distilled:
        return distil(chat, samples[place], prompts[place], candidates, answers[place])

    def progress(done: Sequence[Distilled]) -> None:
        kept = sum(one.reasoning is not None for one in done)
        task.log(f"teacher: {len(done)} of {len(samples)} windows, {kept} with a trace")

    done = distil_all(one, range(len(samples)), concurrency, progress)
    found: list[Trace] = []
    for sample, answer, result in zip(samples, answers, done, strict=True):
        if result.reasoning is not None:
            text = f"<think>\n{result.reasoning}\n</think>\n{answer}"
            found.append(Trace(task.row(sample, "train", len(found)), text))
    for problem, count in Counter(one.problem for one in done if one.problem).items():
        task.log(f"teacher: {count} windows left out: {problem}")
    return keep_traces(task, found, out)


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status (2 after a message about what the user can correct)."""
    return run_teacher(argv, USAGE, TimeR1, teach)


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
