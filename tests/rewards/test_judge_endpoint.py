"""The judge behind an endpoint, before a real server that answers, hangs, fails, rambles and dies."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_endpoint import Endpoint as Server
from chat_endpoint import Reply, endpoints

from src.errors import ConfigError, UserError
from src.rewards import judge_endpoint
from src.rewards.judge import Judged, JudgeFailureError, Verdict
from src.rewards.judge_endpoint import Endpoint
from src.tasks.row import Row

ROW = Row("emg", "", "train", 0, [], "Healthy")
GOOD = '{"reason": "a plan", "specificity": 0.5, "appropriateness": 1, "relevance": 1, "depth": 0.5}'
VERDICT = Verdict(0.75, "specificity 0.5, appropriateness 1, relevance 1, depth 0.5: a plan")


@pytest.fixture
def start() -> Iterator[Callable[[Reply], Server]]:
    with endpoints() as one:
        yield one


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_endpoint, "_LONGEST_PAUSE_S", 0.01)


def settings(server: Server, tmp_path: Path, **more: Any) -> dict[str, Any]:
    cache = str(tmp_path / "judge.sqlite")
    return {"model": "j", "base_url": server.url, "cache": cache, "timeout_s": 10.0, "retries": 2, **more}


def ask(given: dict[str, Any], *texts: str) -> list[Verdict | BaseException]:
    """What becomes of these texts, which are judged at the same time, in a process that has just begun."""

    async def all_of_them() -> list[Verdict | BaseException]:
        judge = Endpoint(given)
        return await asyncio.gather(*(judge.judge(Judged(ROW, one)) for one in texts), return_exceptions=True)

    return asyncio.run(all_of_them())


def test_it_is_asked_once_and_its_score_is_kept(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    server = start(lambda _prompt, _earlier: GOOD)
    given = settings(server, tmp_path, instructions="Judge the advice.", temperature=0.2, max_tokens=50)
    assert ask(given, "rest", "rest") == [VERDICT, VERDICT]
    assert ask(given, "rest") == [VERDICT]  # of another process
    assert len(server.requests) == 1
    request = server.requests[0]
    assert request["path"] == "/v1/chat/completions"
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("j", 0.2, 50)
    assert request["messages"][0]["content"].startswith("Judge the advice.")
    assert "[text]\nrest\n" in request["messages"][0]["content"]
    assert ask({**given, "temperature": 0.0}, "rest") == [VERDICT]
    assert len(server.requests) == 2  # what decides the score is part of the key


@pytest.mark.parametrize(
    "first",
    [429, 500, 503, "It deserves a 0.8, I think.", '{"score": 1.5}', "", b'{"id": "1", "choices": [{"mess', b""],
)
def test_it_is_asked_again_where_that_may_help(
    first: str | int | bytes, start: Callable[[Reply], Server], tmp_path: Path
) -> None:
    server = start(lambda _prompt, earlier: GOOD if earlier else first)
    assert ask(settings(server, tmp_path), "rest") == [VERDICT]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("always", "says"),
    [
        (429, "gave up after 3 tries: RateLimitError: "),
        (500, "gave up after 3 tries: InternalServerError: "),
        ("It deserves a 0.8.", "gave up after 3 tries: the reply is no score: 'It deserves a 0.8.'"),
        ('{"score": 7}', "gave up after 3 tries: score is 7, which is not from 0 to 1"),
        (b'{"id": ', "gave up after 3 tries: APIConnectionError: "),
    ],
)
def test_its_tries_are_bounded_and_a_failure_is_not_kept(
    always: str | int | bytes, says: str, start: Callable[[Reply], Server], tmp_path: Path
) -> None:
    server = start(lambda _prompt, _earlier: always)
    [failure] = ask(settings(server, tmp_path), "rest")
    assert isinstance(failure, JudgeFailureError)
    assert str(failure).startswith(says)
    assert len(server.requests) == 3
    server.reply = lambda _prompt, _earlier: GOOD
    assert ask(settings(server, tmp_path), "rest") == [VERDICT]


def test_what_is_refused_is_a_failure_at_once(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    server = start(lambda _prompt, _earlier: 400)
    [failure] = ask(settings(server, tmp_path), "rest")
    assert isinstance(failure, JudgeFailureError)
    assert str(failure).startswith("the endpoint refuses the question: ")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "refuses the key: set MY_KEY"), (403, "refuses the key"), (404, "does not know model 'j'")],
)
def test_what_no_retry_mends_is_for_the_user(
    status: int, says: str, start: Callable[[Reply], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "secret")
    server = start(lambda _prompt, _earlier: status)
    [failure] = ask(settings(server, tmp_path, key="MY_KEY"), "rest")
    assert isinstance(failure, UserError)
    assert says in str(failure)
    assert "secret" not in str(failure)
    assert [one["auth"] for one in server.requests] == ["Bearer secret"]


def test_one_that_hangs_is_left_after_its_time(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    held = threading.Event()

    def hang(prompt: str, earlier: int) -> str:
        if not earlier:
            held.wait(60)
        return GOOD

    server = start(hang)
    assert ask(settings(server, tmp_path, timeout_s=0.3), "rest") == [VERDICT]
    server.reply = lambda _prompt, _earlier: (held.wait(60), GOOD)[1]
    failures = ask(settings(server, tmp_path, timeout_s=0.2, retries=1), "more")
    assert [str(one) for one in failures] == ["gave up after 2 tries: no answer in 0.2 s"]
    failures = ask(settings(server, tmp_path, timeout_s=0.2, retries=1000, give_up_s=0.5), "even more")
    assert [str(one) for one in failures] == ["gave up after 0.5 s: no answer in 0.2 s"]
    held.set()


def test_one_that_is_not_there_is_a_failure(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    given = settings(start(lambda _prompt, _earlier: GOOD), tmp_path, base_url="http://127.0.0.1:9/v1")
    [failure] = ask(given, "rest")
    assert str(failure).startswith("gave up after 3 tries: APIConnectionError: ")


def test_one_that_dies_fails_what_is_left_and_keeps_what_it_said(
    start: Callable[[Reply], Server], tmp_path: Path
) -> None:
    given: list[str] = []

    def mortal(prompt: str, _earlier: int) -> str | bytes:
        given.append(prompt)
        return GOOD if len(given) <= 3 else b"{"

    server = start(mortal)
    found = ask(settings(server, tmp_path, concurrency=1, retries=0), *"abcdef")
    judged = [text for text, one in zip("abcdef", found, strict=True) if one == VERDICT]
    assert len(judged) == 3
    assert all(isinstance(one, JudgeFailureError) for one in found if one != VERDICT)
    assert ask(settings(server, tmp_path), *judged) == [VERDICT] * 3
    assert len(given) == 6


def test_many_are_asked_at_a_time_and_no_more_than_it_may(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    together = threading.Barrier(5)

    def meet(_prompt: str, _earlier: int) -> str:
        together.wait(30)  # returns when five are here: fewer at a time would end in failures
        return GOOD

    server = start(meet)
    given = settings(server, tmp_path, concurrency=5, timeout_s=30.0)
    assert ask(given, *(f"text {n}" for n in range(15))) == [VERDICT] * 15
    assert server.most_running == 5


IN_A_PROCESS = """
import asyncio, json, sys
from src.rewards.judge import Judged
from src.rewards.judge_endpoint import Endpoint
from src.tasks.row import Row

async def scores(judge):
    row = Row("emg", "", "train", 0, [], "Healthy")
    return [one.score for one in await asyncio.gather(*(judge.judge(Judged(row, text)) for text in "abc"))]

print(json.dumps(asyncio.run(scores(Endpoint(json.loads(sys.argv[1]))))))
"""


def test_processes_that_ask_the_same_have_the_same_score(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    lock, numbers = threading.Lock(), iter(range(100))

    def differs(_prompt: str, _earlier: int) -> str:
        with lock:
            return f'{{"score": {next(numbers) / 100}}}'

    given = settings(start(differs), tmp_path)
    command = [sys.executable, "-c", IN_A_PROCESS, json.dumps(given)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (json.loads(one.communicate(timeout=120)[0]) for one in started)
    assert first == second == [verdict.score for verdict in ask(given, *"abc") if isinstance(verdict, Verdict)]


def test_requests_of_a_minute_are_limited(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    server = start(lambda _prompt, _earlier: GOOD)
    found = ask(settings(server, tmp_path, requests_per_minute=2, give_up_s=1.0), *"abcd")
    assert found.count(VERDICT) == 2
    assert sum(str(one) == "gave up after 1 s: it was not asked" for one in found) == 2
    assert len(server.requests) == 2


def test_tokens_of_a_minute_are_limited_by_what_was_used(start: Callable[[Reply], Server], tmp_path: Path) -> None:
    server = start(lambda _prompt, _earlier: GOOD)  # of 100 tokens, says the server
    given = settings(server, tmp_path, tokens_per_minute=1000, max_tokens=500, concurrency=1, give_up_s=2.0)
    found = ask(given, *"abcdefg")
    assert 2 <= found.count(VERDICT) <= 4  # each books over 700, and turns out to have used 100
    [failure] = ask({**given, "tokens_per_minute": 300}, "z")
    assert isinstance(failure, UserError)
    assert "may cost" in str(failure) and "more than tokens_per_minute=300" in str(failure)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": ""}, "model is missing"), ({"base_url": None}, "base_url is missing"),
        ({"retries": -1}, "retries=-1 must be a number, at least 0"), ({"timeout_s": 0}, "timeout_s=0 must be"),
        ({"requests_per_minute": 0}, "requests_per_minute=0 must be"), ({"concurrency": None}, "concurrency=None must"),
        ({"url": "x"}, "there is no setting 'url'"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Endpoint({"model": "j", "base_url": "http://127.0.0.1:9/v1", **change})
