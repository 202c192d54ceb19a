"""ARTIST as a task: sessions of an evaluation side by side, and what their answers are scored with."""

import doctest
import json
from collections.abc import Sequence
from typing import Any

import pytest
from artist_play import DONE, answer, played, zoom
from artist_settings import SHORT

from recipes.artist import scoring
from recipes.artist.outcome import outcome, path
from recipes.artist.reward import Settings
from recipes.artist.scoring import SessionAnswer, pass_at
from recipes.artist.task import Artist
from src.tasks.asking import Completion, Request
from src.tasks.task import Answer, load_task

SESSION = {"max_rounds": 3, "controller": {"temperature": 0.9, "max_tokens": 20}, "reasoner": {"temperature": 0.5}}


def task(**changes: Any) -> Artist:
    found = load_task({**SHORT, "session": SESSION, **changes}, log=lambda line: None)
    assert isinstance(found, Artist)
    return found


class Scripted:
    """The controller reads the first two days and accepts; the reasoner always says A."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Request]] = []

    def __call__(self, requests: Sequence[Request]) -> list[Completion]:
        self.batches.append(requests)
        return [
            Completion(self._said(one.messages[-1]["content"]), 7, prompt_tokens=50, cached_tokens=10)
            for one in requests
        ]

    def _said(self, prompt: str) -> str:
        if "Zoom into a bin" not in prompt:
            return answer("A")
        read = prompt.count("Read so far")
        return zoom(0, 18) if not read else DONE


def test_all_sessions_of_an_evaluation_go_on_together_in_one_batch_a_turn() -> None:
    asking, generate = task(), Scripted()
    rows = list(asking.rows("test"))
    asked = asking.ask(rows, 2, 5, generate)
    assert [len(batch) for batch in generate.batches] == [2 * len(rows)] * 3
    assert [(one.place, one.run) for one in asked] == [(place, run) for place in range(len(rows)) for run in range(2)]
    assert all(one.answer.value == "A" and len(one.completions) == 3 for one in asked)
    assert {(one.temperature, one.max_tokens) for batch in generate.batches for one in batch} == {(0.9, 20), (0.5, 512)}
    seeds = [one.seed for batch in generate.batches for one in batch]
    assert len(set(seeds)) == len(seeds)
    again = Scripted()
    asking.ask(rows, 2, 5, again)
    assert [one.seed for batch in again.batches for one in batch] == seeds
    assert [len(one.prompts) for one in asked] == [3] * len(asked)


def test_further_answers_are_sampled_in_the_batch_that_comes_next() -> None:
    asking, generate = task(), Scripted()
    rows = list(asking.rows("test"))[:3]
    sessions = asking.play(rows, 2, 5, generate, answers=4)
    assert [len(batch) for batch in generate.batches] == [6, 6, 6, 18]
    assert len({one.seed for batch in generate.batches for one in batch}) == 36
    assert [len(one.final) for one in sessions] == [4] * 6


def test_a_session_without_an_answer_is_a_failed_one() -> None:
    asking = task()
    (one, *_) = asking.ask(
        list(asking.rows("test"))[:1], 1, 0, lambda requests: [Completion(answer("A"), 3) for _ in requests]
    )
    assert one.answer.value is None and one.answer.problem == "no answer: the answer is not ACCEPT"


def test_scores_say_what_was_reached_and_what_it_took() -> None:
    asking = task()
    rows = list(asking.rows("test"))
    asked = asking.ask(rows, 4, 0, Scripted())
    group = asking.score([one.row for one in asked], [one.answer for one in asked]).groups["short"]
    right = sum(row.truth == "A" for row in rows) / len(rows)
    found = {name: metric.value for name, metric in group.metrics.items()}
    assert list(found) == [
        "acc", "balanced_acc", "macro_f1", "pass_at_2", "pass_at_4", "rounds", "segments", "coverage",
        "evidence_recall", "evidence_precision", "calls", "tokens", "prompt_tokens", "cached_frac",
    ]  # fmt: skip
    assert found["acc"] == found["pass_at_4"] == pytest.approx(right)
    assert found["balanced_acc"] == pytest.approx(1 / 3)  # of three letters it names one
    assert (found["rounds"], found["segments"], found["calls"], found["tokens"]) == (2, 1, 3, 21)
    assert found["coverage"] == pytest.approx(18 / 108) and found["cached_frac"] == 0.2
    assert found["evidence_recall"] == pytest.approx(_recall(rows))
    low, high = group.metrics["acc"].interval or (0, 0)
    assert low < right < high
    assert group.questions == len(rows) and group.answers == 4 * len(rows) and group.failed == 0
    assert {"majority", "random", "shuffled"} <= set(group.baselines)
    assert group.baselines["shuffled"]["acc"].value == pytest.approx(right)
    details = asking.score([one.row for one in asked], [one.answer for one in asked]).details
    assert set(details["needed segments"]) == {"1", "2"} and set(details["kinds"]) == {"peak", "dip", "same"}
    two = details["needed segments"]["2"]
    assert two["segments"] == 1.0 and two["baselines"]["random"] == {"acc": 0.5}


def _recall(rows: Sequence[Any]) -> float:
    shares = [sum(start < 18 for start, _ in row.info["evidence"]) / len(row.info["evidence"]) for row in rows]
    return sum(shares) / len(shares)


def test_answers_of_a_validated_step_are_scored_without_their_sessions() -> None:
    asking = task()
    rows = list(asking.rows("val"))
    group = asking.score(rows, [asking.read(row, answer(row.truth)) for row in rows]).groups["short"]
    assert set(group.metrics) == {"acc", "balanced_acc", "macro_f1"} and group.metrics["acc"].value == 1.0


def test_what_is_read_and_paid() -> None:
    asking = task()
    row = next(row for row in asking.rows("train") if row.info["kind"] == "peak")
    assert asking.read(row, answer("second")) == Answer("B")
    assert asking.read(row, "<answer>a</answer>") == Answer("A", None, well_formed=False)
    assert asking.read(row, answer("D")).problem == "the answer is none of the options"
    assert asking.read(row, DONE).value is None
    assert asking.read(row, "B").problem == "there is no answer section"
    assert asking.reward(row, answer(row.truth))["score"] == 4.0
    assert asking.judge(row, asking.read(row, answer(row.truth))) == {"acc": 1.0}


def test_a_session_that_ends_with_its_controller_has_no_answer() -> None:
    asking = task()
    row = asking.rows("val")[0]
    assert asking.read_turn(row, "reasoner", answer("A")).value == "A"
    assert asking.read_turn(row, "controller", answer("A")).problem == "the session ended without an answer"


def test_what_the_loop_tells_of_a_session_is_drawn() -> None:
    asking = task()
    asked = asking.questions_of([asking.rows("val")[0]])[0]
    session, _ = played(asked, [zoom(0, 9), DONE], [answer("A")], view=asking.typed.view)
    told = path(session, outcome(session, Settings()))
    again = asking.path(asking.rows("val")[0], json.loads(json.dumps(told.as_json())))
    assert json.dumps(again.as_json()) == json.dumps(told.as_json()) and again.said[0].segment == (0, 9)


def test_the_variants_ask_the_reasoner_without_a_controller() -> None:
    asking = task()
    assert asking.turns == 7
    for name, shown in (("reasoner_alone", "C: "), ("overview_only", "Highest: "), ("blind", "Question: ")):
        alone = task(**asking.variants[name])
        generate = Scripted()
        asked = alone.ask(list(alone.rows("test")), 1, 0, generate)
        assert alone.turns == 1 and len(generate.batches) == 1
        assert shown in generate.batches[0][0].messages[-1]["content"]
        assert alone.typed.session.max_rounds == 3 and asked[0].answer.value == "A"
        assert [row.info for row in alone.rows("test")] == [row.info for row in asking.rows("test")]


def test_engines_are_made_for_the_longest_prompts() -> None:
    asking = task(view={**SHORT["view"], "segment_values": 27})
    rows = list(asking.rows("test"))[:2]
    longest = max(len(one.messages[-1]["content"]) for one in asking.longest(rows))
    generate = Scripted()
    asking.ask(rows, 2, 0, generate)
    assert len(asking.longest(rows)) == 4
    assert longest >= max(len(one.messages[-1]["content"]) for batch in generate.batches for one in batch)


def test_the_calls_of_a_session_are_known_from_settings() -> None:
    asking = task(session={**SESSION, "answers": 6})
    found = {way: [(one.role, one.count, one.tokens) for one in calls] for way, calls in asking.calls.items()}
    assert found == {
        "1 segment read": [("controller", 2, 20), ("reasoner", 6, 512)],  # R + 1, R + N - 1
        "2 segments read": [("controller", 3, 20), ("reasoner", 7, 512)],
        "3 segments read": [("controller", 3, 20), ("reasoner", 8, 512)],  # no round is left to accept in
    }
    assert [one.count for one in task(**asking.variants["blind"]).calls[""]] == [6]
    whole = task(view={**SHORT["view"], "include_full_series": True}).calls["1 segment read"]
    assert [one.count for one in whole] == [2, 7]


def test_how_questions_are_answered_does_not_make_others_of_them() -> None:
    asking = task()
    assert task(session={"answers": 2, "max_rounds": 1}).fingerprint == asking.fingerprint
    assert task(seed=4).fingerprint != asking.fingerprint


def test_pass_at_k() -> None:
    assert not doctest.testmod(scoring).failed
    assert pass_at(1, 2, 8) == 0.25 and pass_at(8, 1, 8) == 1.0 and pass_at(4, 0, 8) == 0.0


def test_several_sources_are_scored_apart() -> None:
    asking = task()
    rows = list(asking.rows("val"))
    others = [type(row)("other", row.task, row.split, row.index, row.messages, row.truth, row.info) for row in rows]
    answers = [SessionAnswer(row.truth, counts={"session/rounds": 2.0}) for row in [*rows, *others]]
    scores = asking.score([*rows, *others], answers)
    assert set(scores.groups) == {"short", "other"} and set(scores.details["datasets"]) == {"short", "other"}
    assert scores.groups["other"].metrics["rounds"].value == 2.0
