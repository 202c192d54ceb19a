"""ARTIST (arXiv 2602.18645) as a task: questions about long series that are answered in sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recipes.artist.answer import read_answer
from recipes.artist.dataset import ArtistSettings, Questions
from recipes.artist.outcome import counts
from recipes.artist.question import Question, of_row
from recipes.artist.reward import Settings, reasoner_reward
from recipes.artist.roles import CONTROLLER, REASONER
from recipes.artist.scoring import SessionAnswer, score
from recipes.artist.session import (
    Call,
    Session,
    SessionSettings,
    converse,
    longest_prompts,
)
from src.tasks.asking import Completion, Generate, Request, request_seed
from src.tasks.calls import Calls
from src.tasks.classify.metrics import LEAD
from src.tasks.path import Path, Said
from src.tasks.row import Row
from src.tasks.scores import Scores
from src.tasks.task import Answer, Asked


@dataclass
class SessionedSettings(ArtistSettings):
    """A dataset's settings, with what its sessions may do."""

    session: SessionSettings = field(default_factory=SessionSettings)


class Artist(Questions):
    """Questions that a controller and a reasoner answer in rounds; an answer is the letter of an option."""

    settings_type = SessionedSettings
    typed: SessionedSettings

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """The reasoner alone on the whole series, the overview in place of segments, and nothing of the series."""
        names = {"reasoner_alone": "reasoner", "overview_only": "overview", "blind": "blind"}
        given = dict(self.settings.get("session") or {})
        return {name: {"session": {**given, "policy": policy}} for name, policy in names.items()}

    @property
    def turns(self) -> int:
        """Calls that follow each other at most."""
        return 2 * self.typed.session.max_rounds + 1 if self.typed.session.policy == "session" else 1

    @property
    def calls(self) -> Mapping[str, Sequence[Calls]]:
        """With R segments read: R and the acceptance of the controller, R of the reasoner and N - 1 more at the end."""
        of = self.typed.session
        if of.policy != "session":
            return {"": [Calls(REASONER, of.answers, of.reasoner.max_tokens)]}
        first = int(self.typed.view.include_full_series)  # an answer before the first round
        return {
            f"{rounds} segment{'s' if rounds > 1 else ''} read": [
                Calls(CONTROLLER, min(rounds + 1, of.max_rounds), of.controller.max_tokens),
                Calls(REASONER, first + rounds + of.answers - 1, of.reasoner.max_tokens),
            ]
            for rounds in range(1, of.max_rounds + 1)
        }

    def read(self, row: Row, response: str) -> Answer:
        """The option that the reasoner's last answer names."""
        choice = read_answer(response, row.info["options"])
        if choice.letter is not None:
            return Answer(choice.letter, None, choice.well_formed)
        problem = "the answer is none of the options" if choice.answered else "there is no answer section"
        return Answer(None, problem, choice.well_formed)

    def read_turn(self, row: Row, role: str, response: str) -> Answer:
        """As ``read``; a session that ends with its controller has no answer, whatever that has written."""
        if role == CONTROLLER:
            return Answer(None, "the session ended without an answer", well_formed=False)
        return self.read(row, response)

    def path(self, row: Row, trajectory: Mapping[str, Any]) -> Path:
        """What the agent loop has told of a session (``recipes.artist.outcome.path``)."""
        said = [Said(**{**one, "segment": one["segment"] and tuple(one["segment"])}) for one in trajectory["said"]]
        return Path(**{**trajectory, "said": said})

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The reasoner's, in the strict preset."""
        return reasoner_reward(response, row.info["options"], row.truth, Settings())

    def judge(self, row: Row, answer: Answer) -> Mapping[str, float]:
        """1 for the right option; an answer that cannot be read is wrong."""
        return {LEAD: float(answer.value == row.truth)}

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        """See ``recipes.artist.scoring``."""
        return score(rows, answers, seed)

    def longest(self, rows: Sequence[Row]) -> list[Request]:
        """Both roles' last prompts, with as much read as may be."""
        of = self.typed
        prompts = [one for asked in self.questions_of(rows) for one in longest_prompts(asked, of.session, of.view)]
        return [Request(messages, 0, images) for messages, images in prompts]

    def ask(self, rows: Sequence[Row], runs: int, seed: int, generate: Generate) -> list[Asked]:
        """Play all sessions; what they amount to is the answer of each."""
        places = [(place, run) for place in range(len(rows)) for run in range(runs)]
        played = self.play(rows, runs, seed, generate)
        return [self._asked(rows[place], place, run, one) for (place, run), one in zip(places, played, strict=True)]

    def play(self, rows: Sequence[Row], runs: int, seed: int, generate: Generate, answers: int = 1) -> list[Session]:
        """Play all sessions side by side: the calls that can be made next are made in one batch.

        Args:
            answers: N, from the final segments.

        Returns:
            By question, then by run.
        """
        of, questions = self.typed, self.questions_of(rows)
        places = [(place, run) for place in range(len(rows)) for run in range(runs)]
        playing = [converse(questions[place], of.session, of.view, answers) for place, _ in places]
        waiting = {number: next(one) for number, one in enumerate(playing)}
        ended: dict[int, Session] = {}
        while waiting:
            calls = [(number, call) for number, some in waiting.items() for call in some]
            requests = [self._request(call, seed, *places[number]) for number, call in calls]
            said: dict[int, list[Completion]] = {}
            for (number, _), completion in zip(calls, generate(requests), strict=True):
                said.setdefault(number, []).append(completion)
            waiting = {}
            for number, completions in said.items():
                try:
                    waiting[number] = playing[number].send(completions)
                except StopIteration as end:
                    ended[number] = end.value
        return [ended[number] for number in range(len(places))]

    def questions_of(self, rows: Sequence[Row]) -> list[Question]:
        """The questions that these rows ask, with their series."""
        stored = self.series()
        return [of_row(row, stored) for row in rows]

    def _request(self, call: Call, seed: int, place: int, run: int) -> Request:
        role = self.typed.session.of(call.role)
        turn = 2 * call.turn + (call.role != CONTROLLER) + (call.draw << 16)
        return Request(
            call.messages,
            request_seed(seed, run, place, turn),
            call.images,
            temperature=role.temperature,
            max_tokens=role.max_tokens,
        )

    def _asked(self, row: Row, place: int, run: int, session: Session) -> Asked:
        order = sorted(session.said, key=lambda one: (one.call.turn, one.call.role))
        answer = self.taken(row, session.answers[-1].completion) if session.answers else None
        if answer is None:
            problem = f"no answer: {session.problem}"
            answer = Answer(None, problem, well_formed=False)
        told = SessionAnswer(answer.value, answer.problem, answer.well_formed, counts(session))
        prompts = [one.call.messages for one in order]
        return Asked(row, place, run, prompts, [one.completion for one in order], told)
