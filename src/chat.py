"""A chat model behind an OpenAI-compatible endpoint, with every reply kept on disk."""

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import openai

from src.errors import DataError, UserError

Prompt = str | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ChatSettings:
    """The endpoint and how to sample from it; ``timeout`` in seconds for one reply."""

    model: str
    base_url: str
    temperature: float = 0.6
    max_tokens: int = 8192
    timeout: float = 600.0
    retries: int = 4


class Chat:
    """Asks a question once: the same question, settings and draw come from the cache (JSON lines).

    Safe to use from several threads. The API key is read from OPENAI_API_KEY; local servers need none.
    """

    def __init__(self, settings: ChatSettings, cache: Path) -> None:
        self._settings = settings
        self._replies = _read_cache(cache)
        self._lock = threading.Lock()
        self._client = openai.OpenAI(
            base_url=settings.base_url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=settings.timeout,
            max_retries=settings.retries,
        )
        try:
            cache.parent.mkdir(parents=True, exist_ok=True)
            self._file = cache.open("a", encoding="utf-8")
            if cache.stat().st_size and not cache.read_bytes().endswith(b"\n"):
                self._file.write("\n")  # the last line of a killed run is broken off; the next must not join it
        except OSError as error:
            raise DataError(f"cannot write {cache} ({error.strerror}): choose another file with cache=FILE") from None

    def __enter__(self) -> "Chat":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._client.close()

    def ask(self, prompt: Prompt, draw: int = 0) -> str:
        """Return the reply to a prompt; ``draw`` numbers independent replies to the same one.

        Reasoning that the server sends apart from the text comes first, in ``<think>`` tags. Raises UserError,
        with what to do, when the endpoint cannot be used.

        Args:
            prompt: one user message, or messages in the form of the endpoint, with images as data URIs (``seen``).
        """
        key = self._key(prompt, draw)
        with self._lock:
            if key in self._replies:
                return self._replies[key]
        reply = self._request(prompt)
        with self._lock:
            self._replies[key] = reply
            self._file.write(
                json.dumps({"key": key, "model": self._settings.model, "draw": draw, "reply": reply}) + "\n"
            )
            self._file.flush()
        return reply

    def _key(self, prompt: Prompt, draw: int) -> str:
        # Not the address: the same model behind another port gives the same kind of reply.
        one = {name: asdict(self._settings)[name] for name in ("model", "temperature", "max_tokens")}
        return hashlib.sha256(json.dumps([one, prompt, draw], sort_keys=True).encode()).hexdigest()

    def _request(self, prompt: Prompt) -> str:
        settings = self._settings
        messages: Any = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        try:
            answer = self._client.chat.completions.create(
                model=settings.model,
                messages=messages,
                temperature=settings.temperature,
                max_tokens=settings.max_tokens,
            )
        except openai.APIConnectionError as error:
            kind = "did not answer in time" if isinstance(error, openai.APITimeoutError) else "cannot be reached"
            raise UserError(
                f"the chat endpoint {settings.base_url} {kind} ({error.__cause__ or error}): start a server "
                f"there "
                "(for example `vllm serve MODEL`), or correct base_url"
            ) from None
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            raise UserError(f"the chat endpoint {settings.base_url} refuses the key: set OPENAI_API_KEY") from None
        except openai.NotFoundError as error:
            raise UserError(
                f"the chat endpoint {settings.base_url} does not know model '{settings.model}' "
                f"({error.message}): "
                "correct model or base_url (it usually ends in /v1)"
            ) from None
        except openai.APIError as error:
            raise UserError(
                f"the chat endpoint {settings.base_url} failed ({error.message}): run the same command again to go on"
            ) from None
        if not answer.choices:
            raise UserError(
                f"the chat endpoint {settings.base_url} sent no reply: check that it speaks chat completions"
            )
        message = answer.choices[0].message
        text = message.content or ""
        # DeepSeek's and vLLM's names for the reasoning that a server splits off.
        apart = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
        return f"<think>\n{apart}\n</think>\n{text}" if apart and "<think>" not in text else text


def _read_cache(path: Path) -> dict[str, str]:
    """Read the replies so far; a line broken off by a killed run is skipped."""
    if not path.is_file():
        return {}
    replies = {}
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
            replies[str(record["key"])] = str(record["reply"])
        except (ValueError, KeyError, TypeError):
            continue
    return replies
