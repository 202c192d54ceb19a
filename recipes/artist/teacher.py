"""Traces by rejection sampling: a chat model behind any OpenAI-compatible endpoint plays both roles of whole sessions.

    python -m recipes.artist.teacher dataset=NAME model=M base_url=URL out=traces.parquet [questions=1000] [answers=4]

The prompts are RL's own. A session is kept where at least half of its ``answers`` final answers are right, the last one
that it went on with among them, and where every turn is in form. Its controller's turns and that answer become rows, of
the published data sets, which have no known evidence, too. Every reply is cached, so a run that stops goes on where it
was. Then train with ``dataset.traces.file=traces.parquet``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipelines.teacher import ARGUMENTS, distil_all, keep_traces, run_teacher
from recipes.artist.answer import read_answer
from recipes.artist.decision import format_score
from recipes.artist.question import Question, as_row
from recipes.artist.session import Said, Session, converse
from recipes.artist.task import Artist
from src.chat import Chat
from src.output import reader_may_leave
from src.tasks.asking import Completion
from src.tasks.images import as_content
from src.tasks.row import Row, Trace

USAGE = f"python -m recipes.artist.teacher dataset=NAME [dataset.folder=DIR] {ARGUMENTS} [questions=1000] [answers=4]"
LEAST_RELIABLE = 0.5  # share of the final answers that are right
_APART = 1000  # draws that one session may take


@dataclass(frozen=True)
class Distilled:
    """The outcome of one question: the turns that were kept, or why none were."""

    turns: Sequence[Said] = ()
    problem: str | None = None


def distil(task: Artist, chat: Chat, question: Question, candidates: int, answers: int) -> Distilled:
    """Play sessions of one question until one can be kept."""
    problem = ""
    for number in range(candidates):
        session = play(task, chat, question, answers, number)
        found = problem_of(session)
        if found is None:
            return Distilled([*session.turns, session.final[0]])
        problem = problem or found
    return Distilled((), problem)


def play(task: Artist, chat: Chat, question: Question, answers: int, number: int) -> Session:
    """One session, with replies of its own: the same prompt in another session has others.

    Args:
        number: of the session, among those of the question.
    """
    conversation = converse(question, task.typed.session, task.typed.view, answers)
    try:
        calls = next(conversation)
        while True:
            said = []
            for call in calls:
                asked = [
                    {
                        **message,
                        "content": as_content(message["content"], call.images) if call.images else message["content"],
                    }
                    for message in call.messages
                ]
                said.append(Completion(chat.ask(asked, _APART * number + call.draw), 0))
            calls = conversation.send(said)
    except StopIteration as end:
        session: Session = end.value
        return session


def problem_of(session: Session) -> str | None:
    """Why a session is not worth imitating; None where it is."""
    question = session.question
    if not session.accepted:
        return session.problem or "no answer was accepted"
    if format_score([one.text for one in session.turns], question.length) < 1:
        return "a turn of the controller is not in form"
    read = [read_answer(one.text, question.options) for one in session.final]
    right = [one.letter == question.truth for one in read]
    if not right[0] or not read[0].well_formed:
        return "the answer is wrong or not in form"
    if sum(right) < LEAST_RELIABLE * len(right):
        return "the segments do not lead to the answer reliably"
    return None


def teach(
    task: Artist, chat: Chat, out: Path, *, candidates: int, concurrency: int, questions: int, answers: int
) -> int:
    """Write the turns of the sessions that are kept into ``out``, and return how many rows there are.

    Args:
        candidates: sessions of a question at most.
        questions: at most, of ``train``.
        answers: N, from the final segments.

    Raises:
        DataError: none is left.
        UserError: the endpoint fails; the replies so far stay in the cache.
    """
    asked = task.source.parts["train"][:questions]

    def progress(done: Sequence[Distilled]) -> None:
        kept = sum(bool(one.turns) for one in done)
        task.log(f"teacher: {len(done)} of {len(asked)} questions, {kept} with a session")

    done = distil_all(lambda one: distil(task, chat, one, candidates, answers), asked, concurrency, progress)
    for problem, times in Counter(one.problem for one in done if one.problem).items():
        task.log(f"teacher: {times} questions left out: {problem}")
    found = [(question, said) for question, one in zip(asked, done, strict=True) for said in one.turns]
    return keep_traces(task, [_trace(task, index, *one) for index, one in enumerate(found)], out)


def _trace(task: Artist, index: int, question: Question, said: Said) -> Trace:
    messages = [dict(message) for message in said.call.messages]
    row = as_row(question, -1, source=task.name, split="sft", index=index, messages=messages)
    info = {**row.info, "role": said.call.role, "round": said.call.turn}
    return Trace(Row(row.source, row.task, "sft", index, messages, row.truth, info, said.call.images), said.text)


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status (2 after a message about what the user can correct)."""
    return run_teacher(argv, USAGE, Artist, teach, {"questions": 1000, "answers": 4})


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main(sys.argv[1:]))
