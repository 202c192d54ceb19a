"""The teacher that sees the plots, before a real HTTP server on 127.0.0.1."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from chat_endpoint import Endpoint, Reply, endpoints
from labelled_archives import waves, write_csv
from omegaconf import OmegaConf

from recipes.timemaster.task import TimeMaster
from recipes.timemaster.teacher import main
from src.config.group import compose_group

ONE = "<think>one slow wave</think><class>'ONE'</class><extension>look again</extension>"


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], Endpoint]]:
    with endpoints() as start:
        yield start


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "mine.csv", waves(20), ["one", "three"] * 10)


def words(mine: Path, url: str, out: Path, **options: Any) -> list[str]:
    given = {
        "dataset": "classify", "dataset.path": mine, "+dataset.traces.samples": 12, "model": "m", "base_url": url,
        "out": out, "candidates": 2, "concurrency": 1, "retries": 0,
    }  # fmt: skip
    return [f"{key}={value}" for key, value in {**given, **options}.items()]


def test_right_answers_are_kept_and_the_model_sees_what_training_shows(
    mine: Path, tmp_path: Path, serve: Callable[[Reply], Endpoint], capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(lambda _prompt, _earlier: ONE)
    out = tmp_path / "traces.parquet"
    assert main(words(mine, server.url, out)) == 0
    said = capsys.readouterr().out
    rows = pq.read_table(out).to_pylist()
    assert f"wrote {out} with {len(rows)} traces" in said
    assert f"teacher: {12 - len(rows)} questions left out: the class is wrong" in said
    answers = {row["messages"][-1]["content"] for row in rows}
    assert answers == {"<think>one slow wave</think>\n<class>one</class>\n<extension>look again</extension>"}
    messages = server.requests[0]["messages"]
    assert [one["role"] for one in messages] == ["user", "assistant", "user", "assistant", "user"]
    assert {messages[1]["content"].split("class>")[1], messages[3]["content"].split("class>")[1]} == {
        "one</",
        "three</",
    }
    image, text = messages[-1]["content"]
    sent = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    composed = compose_group("dataset", "classify", [f"dataset.path={mine}", "+dataset.traces.samples=12"])
    settings: Any = OmegaConf.to_container(composed, resolve=True)
    question = TimeMaster(settings, log=lambda _: None).question("sft", 0)
    assert sent == question.images[0]
    assert "<image>" + text["text"] == question.messages[0]["content"]
    asked = len(server.requests)
    assert main(words(mine, server.url, out)) == 0  # everything is in the cache
    assert len(server.requests) == asked


def test_without_a_right_answer_there_is_no_file(
    mine: Path, tmp_path: Path, serve: Callable[[Reply], Endpoint], capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(lambda _prompt, _earlier: "It is one.")
    assert main(words(mine, server.url, tmp_path / "traces.parquet", examples=1)) == 2
    said = capsys.readouterr()
    assert "12 questions left out: no answer in form" in said.out and "no usable trace" in said.err
    assert not (tmp_path / "traces.parquet").exists()
    assert len(server.requests[0]["messages"]) == 3
