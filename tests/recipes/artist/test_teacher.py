"""Rejection sampling of whole sessions, before a real HTTP server on 127.0.0.1."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_endpoint import Endpoint, Reply, endpoints
from omegaconf import OmegaConf

from recipes.artist.questions import short
from recipes.artist.task import Artist
from recipes.artist.teacher import main
from recipes.artist.traces import TraceSettings, played
from src.config.group import compose_group
from src.tasks.build import read_traces

SIZES = {"sft": 0, "train": 6, "val": 3, "test": 3, "test_held_out": 0, "sft_val": 3}


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], Endpoint]]:
    with endpoints() as start:
        yield start


def words(url: str, out: Path, **options: Any) -> list[str]:
    given = {
        "dataset": "artist_short", "dataset.rows": json.dumps(SIZES).replace('"', ""), "model": "m", "base_url": url,
        "out": out, "questions": 6, "candidates": 1, "answers": 2, "concurrency": 1, "retries": 0,
    }  # fmt: skip
    return [f"{key}={value}" for key, value in {**given, **options}.items()]


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    """What the generator's own teacher says to every prompt of six sessions."""
    changes = [f"dataset.rows={json.dumps(SIZES).replace(chr(34), '')}"]
    settings: Any = OmegaConf.to_container(compose_group("dataset", "artist_short", changes), resolve=True)
    task, random = Artist(settings, log=lambda _: None), np.random.default_rng(0)
    sessions = [
        played(question, short, TraceSettings(right=1.0, accept=1.0), task.typed.view, random)
        for question in task.source.parts["train"]
    ]
    return {turn.messages[0]["content"]: turn.answer for turns in sessions for turn in turns}


def test_sessions_that_are_right_and_in_form_are_kept(
    known: dict[str, str], tmp_path: Path, serve: Callable[[Reply], Endpoint], capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(lambda prompt, _earlier: known[prompt])
    out = tmp_path / "traces.parquet"
    assert main(words(server.url, out)) == 0
    assert "6 of 6 questions, 6 with a session" in capsys.readouterr().out
    rows = read_traces(out)
    # Two kinds of one segment and one of two: a turn for each segment, ACCEPT, and the answer.
    assert len(rows) == 4 * (1 + 1 + 1) + 2 * (2 + 1 + 1)
    for one in rows:
        assert known[one.row.messages[0]["content"]] == one.answer and one.row.split == "sft"
    requests = len(server.requests)
    assert requests == 4 * (2 + 2) + 2 * (3 + 3)  # one more answer from the last segments
    assert main(words(server.url, out)) == 0  # every reply is in the cache
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda answer: answer.replace("\n<tool_call>", "\nSo:\n<tool_call>"), "not in form"),
        (lambda answer: answer.replace("<answer>ACCEPT</answer>", "I accept"), "neither a tool call nor an answer"),
    ],
)
def test_sessions_out_of_form_leave_no_file(
    known: dict[str, str],
    spoilt: Callable[[str], str],
    said: str,
    tmp_path: Path,
    serve: Callable[[Reply], Endpoint],
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = serve(lambda prompt, _earlier: spoilt(known[prompt]) if prompt in known else "")
    out = tmp_path / "traces.parquet"
    assert main(words(server.url, out)) == 2
    told = capsys.readouterr()
    assert "no usable trace" in told.err and said in told.out
    assert not out.exists()
