"""The teacher's client against a real OpenAI-compatible server: vLLM's own, on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import ROOT

from src.chat import Chat, ChatSettings
from src.errors import UserError
from src.models.tiny import build
from src.processes.ports import free_port

pytestmark = pytest.mark.smoke

SETTINGS = {"phrases": 8, "layers": 2, "width": 64, "heads": 2, "key_value_heads": 2, "feed_forward": 128}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of vLLM serving a model of random weights under the name ``tiny``."""
    folder = tmp_path_factory.mktemp("server")
    model = build(folder / "model", ["a question and an answer"] * 4, {**SETTINGS, "context_length": 256}, seed=0)
    port = free_port()
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model),
        "--served-model-name", "tiny",
        "--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--enforce-eager", "--max-model-len", "256",
    ]  # fmt: skip
    environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1"}
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 300
        while not _answers(port):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False


def test_replies_come_from_the_server_once_and_then_from_the_cache(server: str, tmp_path: Path) -> None:
    cache = tmp_path / "replies.jsonl"
    settings = ChatSettings(model="tiny", base_url=server, temperature=1.0, max_tokens=24, timeout=60)
    with Chat(settings, cache) as chat:
        first, second = chat.ask("a question", draw=0), chat.ask("a question", draw=1)
    assert first and second and first != second
    assert len(cache.read_text().splitlines()) == 2
    with Chat(ChatSettings(**{**vars(settings), "base_url": server}), cache) as again:
        assert again.ask("a question", draw=0) == first
    assert len(cache.read_text().splitlines()) == 2


def test_an_unknown_model_is_one_clear_error(server: str, tmp_path: Path) -> None:
    settings = ChatSettings(model="other", base_url=server, max_tokens=8, timeout=60, retries=0)
    with Chat(settings, tmp_path / "replies.jsonl") as chat, pytest.raises(UserError, match="other"):
        chat.ask("a question")
