"""The teacher, against a real HTTP server on 127.0.0.1 that speaks the chat completions protocol."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chat_endpoint import Endpoint, Reply, endpoints

from recipes.time_r1.task import TimeR1
from recipes.time_r1.teacher import main, mape
from src.tasks.build import build

HORIZON = 4


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], Endpoint]]:
    """Start endpoints on free ports of 127.0.0.1, and stop them."""
    with endpoints() as start:
        yield start


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Eighty hours whose values rise by one, so that a prompt tells its own truth: the next values."""
    times = pd.date_range("2024-01-01", periods=80, freq="h")
    path = tmp_path / "line.csv"
    path.write_text("date,load\n" + "\n".join(f"{time},{100 + i}" for i, time in enumerate(times)) + "\n")
    return path


def words(csv: Path, url: str, out: Path, **options: Any) -> list[str]:
    """A command line for three windows of 6 to 4 steps and two candidates."""
    given = {
        "dataset": "csv",
        "dataset.path": csv,
        "dataset.target": "load",
        "dataset.context_length": 6,
        "dataset.horizon": HORIZON,
        "dataset.decimals": 1,
        "dataset.prompt.timestamps": "start",
        "dataset.traces.samples": 3,
        "model": "teacher-1",
        "base_url": url,
        "out": out,
        "candidates": 2,
        "retries": 0,
    }
    return [f"{key}={value}" for key, value in {**given, **options}.items()]


def last_shown(prompt: str) -> float:
    """The last value of the history in a question."""
    return float(prompt.split("every hour:\n")[1].split("\n")[0].split()[-1])


def answer(prompt: str, error: float, reasoning: str) -> str:
    """A complete reply whose forecast is off by ``error``."""
    rows = "\n".join(f"{last_shown(prompt) + step + error:.1f}" for step in range(1, HORIZON + 1))
    return f"<think>{reasoning}</think>\n<answer>\n```\n{rows}\n```\n</answer>"


def is_revision(prompt: str) -> bool:
    return "Values that came true" in prompt


def good(prompt: str, draw: int) -> str:
    """Candidates off by 5, then by 1; revisions: one that tells, then an honest one."""
    if is_revision(prompt):
        return answer(prompt, 0, ["these actual values came true", "The line rises by one per hour."][draw])
    return answer(prompt, [5.0, 1.0][draw], ["a rough guess", "a closer look"][draw])


def test_the_kept_reasoning_is_the_honest_revision_of_the_best_candidate(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint, out = serve(good), tmp_path / "traces.parquet"
    assert main(words(csv, endpoint.url, out)) == 0
    rows = pq.read_table(out).to_pylist()
    assert len(rows) == 3
    for row in rows:
        prompt, text = (message["content"] for message in row["messages"])
        first = last_shown(prompt) + 1
        values = "\n".join(f"{first + step:.1f}" for step in range(HORIZON))
        assert text == (
            "<think>\nThe line rises by one per hour.\n</think>\n<answer>\n```\n" + values + "\n```\n</answer>"
        )
    revisions = [one for one in endpoint.requests if is_revision(one["messages"][0]["content"])]
    assert (len(endpoint.requests), len(revisions)) == (3 * (2 + 2), 3 * 2)
    assert all("a closer look" in one["messages"][0]["content"] for one in revisions)
    request = endpoint.requests[0]
    assert (request["path"], request["model"]) == ("/v1/chat/completions", "teacher-1")
    assert (request["temperature"], request["max_tokens"]) == (0.6, 8192)
    assert "3 of 3 windows, 3 with a trace" in capsys.readouterr().out


def test_the_rows_train_in_place_of_the_writers(serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "traces.parquet"
    assert main(words(csv, serve(good).url, out)) == 0
    settings = {
        "name": "csv", "title": "csv", "path": str(csv), "target": "load", "context_length": 6,
        "horizon": HORIZON, "decimals": 1, "prompt": {"timestamps": "start"}, "traces": {"file": str(out)},
    }  # fmt: skip
    result = build(TimeR1(settings, log=lambda line: None), tmp_path / "built")
    assert pq.read_table(result.sft).to_pylist() == pq.read_table(out).to_pylist()


def test_a_second_run_asks_nothing_and_a_stopped_one_goes_on(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = serve(lambda prompt, draw: good(prompt, draw) if len(failing.requests) <= 5 else 500)
    out = tmp_path / "traces.parquet"
    command = words(csv, failing.url, out, concurrency=1)
    assert main(command) == 2
    assert "failing with 500" in (shown := capsys.readouterr().err) and "run the same command again" in shown
    assert not out.exists()
    cache = Path(f"{out}.cache.jsonl")
    assert len(cache.read_text().splitlines()) == 5
    with cache.open("a") as file:
        file.write('{"key": "broken off')
    asked = len(failing.requests)
    # ``good`` counts earlier requests for a prompt, which the failed one would shift: answer by what is asked.
    failing.reply = lambda prompt, draw: good(prompt, 1)
    assert main(command) == 0
    assert len(failing.requests) - asked == 12 - 5
    assert main(command) == 0
    assert len(failing.requests) - asked == 12 - 5
    assert len(pq.read_table(out)) == 3


def test_another_question_or_setting_is_not_answered_from_the_cache(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path
) -> None:
    endpoint = serve(lambda prompt, draw: good(prompt, 1))
    command = words(csv, endpoint.url, tmp_path / "traces.parquet")
    assert main(command) == 0
    before = len(endpoint.requests)
    assert main([*command, "temperature=0.9"]) == 0
    assert len(endpoint.requests) == 2 * before


def test_transient_failures_are_retried(serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path) -> None:
    statuses = {0: 429, 1: 503}
    count = iter(range(1000))
    endpoint = serve(lambda prompt, draw: statuses.get(next(count)) or good(prompt, 1))
    command = words(csv, endpoint.url, tmp_path / "traces.parquet", retries=3, concurrency=1)
    assert main(command) == 0
    assert len(endpoint.requests) == 12 + 2


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_requests_run_at_once_than_allowed(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, limit: int
) -> None:
    def slow(prompt: str, draw: int) -> str:
        time.sleep(0.02)
        return good(prompt, 1)

    endpoint = serve(slow)
    out = tmp_path / "traces.parquet"
    assert main([*words(csv, endpoint.url, out, concurrency=limit), "dataset.traces.samples=9"]) == 0
    assert endpoint.most_running <= limit
    assert limit == 1 or endpoint.most_running > 1


def test_unusable_replies_are_left_out_and_counted(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def mixed(prompt: str, draw: int) -> str:
        question = prompt.split("\n\nBelow")[0]
        if question not in seen:
            seen.append(question)
        kind = seen.index(question)
        if kind == 0:
            return "I cannot forecast this."
        if kind == 1 and is_revision(prompt):
            return answer(prompt, 50, "somewhere else")
        return good(prompt, 1)

    out = tmp_path / "traces.parquet"
    assert main(words(csv, serve(mixed).url, out, concurrency=1)) == 0
    assert len(pq.read_table(out)) == 1
    shown = capsys.readouterr().out
    assert "1 windows left out: no candidate with a complete forecast and its reasoning" in shown
    assert "1 windows left out: no revised reasoning that leads to the true values" in shown


def test_reasoning_that_the_server_splits_off_is_used(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path
) -> None:
    def split(prompt: str, draw: int) -> dict[str, Any]:
        text = good(prompt, 1)
        reasoning = re.findall("<think>(.*)</think>", text)[0]
        return {"role": "assistant", "content": text.split("</think>\n")[1], "reasoning_content": reasoning}

    out = tmp_path / "traces.parquet"
    assert main(words(csv, serve(split).url, out)) == 0
    assert "rises by one per hour" in pq.read_table(out).to_pylist()[0]["messages"][1]["content"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "refuses the key: set OPENAI_API_KEY"),
        (404, "does not know model 'teacher-1' .*correct model or base_url"),
        (400, "failed .*failing with 400"),
    ],
)
def test_a_refusal_is_explained(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    status: int, message: str,
) -> None:  # fmt: skip
    out = tmp_path / "traces.parquet"
    assert main(words(csv, serve(lambda prompt, draw: status).url, out)) == 2
    shown = capsys.readouterr().err.strip()
    assert re.fullmatch(f"error: the chat endpoint http://127.0.0.1:.*{message}.*", shown)
    assert not out.exists()


def test_a_teacher_without_a_usable_trace_is_an_error(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = serve(lambda prompt, draw: "no")
    assert main(words(csv, endpoint.url, tmp_path / "traces.parquet")) == 2
    assert "gave no usable trace: use a stronger model" in capsys.readouterr().err


def test_an_unreachable_endpoint_is_one_clear_message(
    csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = Endpoint(good)
    url = closed.url
    closed.server_close()
    assert main(words(csv, url, tmp_path / "traces.parquet")) == 2
    shown = capsys.readouterr().err.strip()
    assert shown.startswith(f"error: the chat endpoint {url} cannot be reached")
    assert "start a server there" in shown and "\n" not in shown


def test_the_key_is_sent_but_not_stored(
    serve: Callable[[Reply], Endpoint], csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    endpoint = serve(good)
    assert main(words(csv, endpoint.url, tmp_path / "traces.parquet")) == 0
    assert endpoint.requests[0]["auth"] == "Bearer sk-secret-of-the-test"
    assert all(b"sk-secret" not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("candidates=0", "candidates=0: set it to at least 1"),
        ("candidates=two", "is not of the form candidates=4"),
    ],
)
def test_wrong_options_are_named(
    csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, message: str
) -> None:
    assert main([*words(csv, "http://127.0.0.1:9/v1", tmp_path / "t.parquet"), change]) == 2
    assert message in capsys.readouterr().err


def test_mape_leaves_zeros_out() -> None:
    assert mape([1.1, 2.0], [1.0, 2.0]) == pytest.approx(0.05)
    assert mape([1.1, 9.0], [1.0, 0.0]) == pytest.approx(0.1)
    assert mape([0.0], [0.0]) == 0.0
    assert mape([1.0], [0.0]) == np.inf
