"""The judge behind an OpenAI-compatible endpoint: bounded in time, tries, requests and tokens, its replies kept."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai

from src.errors import ConfigError, UserError
from src.rewards.judge import Judge, Judged, JudgeFailureError, Verdict, read_settings
from src.rewards.judge_reply import question, read_reply
from src.rewards.judge_store import Store

INSTRUCTIONS = "An assistant has answered a question about a time series. Judge its answer."
_CHARS_PER_TOKEN = 3  # cautious: what a request costs is booked before it is known
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class EndpointSettings:
    """Where the judge is, what it is asked, and its bounds.

    Args:
        model: as the endpoint calls it.
        base_url: usually ends in /v1.
        key: the environment variable that holds the API key; local servers need none.
        instructions: what the text is, and what is good in it.
        criteria: scored from 0 to 1; the score is their mean.
        shows: sections of the answer that the judge sees, in this order; none: only what it judges.
        most_chars: of a section that are shown.
        temperature: 0: the same answer is judged alike.
        max_tokens: of a reply.
        timeout_s: of one request.
        retries: after the first try: no connection, a time-out, 429, 5xx, a reply that is no score. What the endpoint
            refuses (400, 422: a text too long, or filtered) is a failure at once.
        give_up_s: for an answer in all, waiting for its turn included.
        requests_per_minute, tokens_per_minute: of all processes that share the cache; null: no limit.
        concurrency: requests of one process at a time.
        cache: the file that all processes of a run share, and later runs too.
    """

    model: str = ""
    base_url: str = ""
    key: str = "OPENAI_API_KEY"
    instructions: str = INSTRUCTIONS
    criteria: Sequence[str] = ("specificity", "appropriateness", "relevance", "depth")
    shows: Sequence[str] = ()
    most_chars: int = 4000
    temperature: float = 0.0
    max_tokens: int = 300
    timeout_s: float = 60.0
    retries: int = 4
    give_up_s: float = 600.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    concurrency: int = 16
    cache: str = "outputs/judge.sqlite"


class Endpoint(Judge):
    """See the module's docstring."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = one = read_settings(EndpointSettings, settings)
        for name in ("model", "base_url", "cache"):
            if not isinstance(getattr(one, name), str) or not getattr(one, name):
                raise ConfigError(f"{name} is missing: a judge behind an endpoint needs its model and base_url")
        for name, least in (
            ("most_chars", 1), ("max_tokens", 1), ("retries", 0), ("concurrency", 1), ("temperature", 0.0),
            ("timeout_s", 1e-3), ("give_up_s", 1e-3), ("requests_per_minute", 1), ("tokens_per_minute", 1),
        ):  # fmt: skip
            value = getattr(one, name)
            optional = value is None and name.endswith("_per_minute")
            if not optional and not (isinstance(value, int | float) and not isinstance(value, bool) and value >= least):
                raise ConfigError(f"{name}={value} must be a number, at least {least}")
        self._store = Store(Path(one.cache).expanduser())
        self._requests = one.requests_per_minute or math.inf
        self._tokens = one.tokens_per_minute or math.inf
        self._turns = asyncio.Semaphore(int(one.concurrency))
        self._asked: dict[str, asyncio.Task[Verdict]] = {}  # now: the same question is asked once
        self._client: openai.AsyncOpenAI | None = None

    async def judge(self, one: Judged) -> Verdict:
        """The endpoint's score of a text, from the cache where it has been given."""
        settings = self.settings
        text = question(one, settings.instructions, settings.criteria, settings.shows, settings.most_chars)
        key = self._key(text)
        kept = await asyncio.to_thread(self._store.reply, key)
        if kept is not None:
            return read_reply(kept, settings.criteria)
        if key not in self._asked:
            task = asyncio.create_task(self._answer(key, text))
            task.add_done_callback(lambda _: self._asked.pop(key, None))
            self._asked[key] = task
        return await asyncio.shield(self._asked[key])

    def _key(self, text: str) -> str:
        # Not the address: the same model behind another port judges alike.
        one = self.settings
        return hashlib.sha256(json.dumps([one.model, one.temperature, one.max_tokens, text]).encode()).hexdigest()

    async def _answer(self, key: str, text: str) -> Verdict:
        problem, pause = "it was not asked", 0.0
        try:
            async with asyncio.timeout(self.settings.give_up_s):
                for attempt in range(int(self.settings.retries) + 1):
                    await asyncio.sleep(pause)
                    try:
                        reply = await self._request(text)
                        read_reply(reply, self.settings.criteria)
                        kept = await asyncio.to_thread(self._store.keep, key, reply)
                        return read_reply(kept, self.settings.criteria)
                    except JudgeFailureError as failure:
                        problem, pause = str(failure), min(_LONGEST_PAUSE_S, 0.5 * 2**attempt)
                    except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                        raise JudgeFailureError(f"the endpoint refuses the question: {error.message}") from None
                    except (openai.APIError, ValueError) as error:  # a ValueError: what was sent is no JSON
                        problem = self._problem(error)
                        pause = min(_LONGEST_PAUSE_S, _asked_pause(error, 0.5 * 2**attempt))
        except TimeoutError:
            raise JudgeFailureError(f"gave up after {self.settings.give_up_s:g} s: {problem}") from None
        raise JudgeFailureError(f"gave up after {int(self.settings.retries) + 1} tries: {problem}")

    async def _request(self, text: str) -> str:
        settings = self.settings
        cost = len(text) // _CHARS_PER_TOKEN + int(settings.max_tokens)
        if cost > self._tokens:
            raise UserError(
                f"a question to the judge may cost {cost} tokens, more than tokens_per_minute={self._tokens:g}: raise "
                "it, or lower most_chars or max_tokens"
            )
        async with self._turns:
            booked = await self._booked(cost)
            if self._client is None:
                self._client = openai.AsyncOpenAI(
                    base_url=settings.base_url, api_key=os.environ.get(settings.key) or "none", max_retries=0
                )
            # The client's own time-out is for each read: a reply that trickles in would have no end.
            try:
                async with asyncio.timeout(settings.timeout_s):
                    answer = await self._client.chat.completions.create(
                        model=settings.model,
                        messages=[{"role": "user", "content": text}],
                        temperature=settings.temperature,
                        max_tokens=int(settings.max_tokens),
                        timeout=settings.timeout_s,
                    )
            except TimeoutError:
                raise JudgeFailureError(f"no answer in {settings.timeout_s:g} s") from None
        usage = getattr(answer, "usage", None)
        if booked and usage is not None:
            await asyncio.to_thread(self._store.correct, booked, usage.total_tokens)
        try:
            return answer.choices[0].message.content or ""
        except (AttributeError, IndexError, TypeError):
            raise JudgeFailureError("the endpoint sent no chat completion") from None

    async def _booked(self, cost: int) -> int:
        if self._requests == self._tokens == math.inf:
            return 0
        where = f"{self.settings.base_url} {self.settings.model}"
        while True:
            number, wait = await asyncio.to_thread(self._store.take, where, cost, self._requests, self._tokens)
            if number:
                return number
            await asyncio.sleep(wait)

    def _problem(self, error: Exception) -> str:
        """What went wrong, where another try may mend it.

        Raises:
            UserError: none will.
        """
        where = f"the judge's endpoint {self.settings.base_url}"
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            raise UserError(f"{where} refuses the key: set {self.settings.key}") from None
        if isinstance(error, openai.NotFoundError):
            raise UserError(
                f"{where} does not know model '{self.settings.model}' ({error.message}): correct the judge's model or "
                "base_url (it usually ends in /v1)"
            ) from None
        return f"{type(error).__name__}: {' '.join(str(error.__cause__ or error).split())[:200]}"


def _asked_pause(error: Exception, default: float) -> float:
    """How many seconds the endpoint asks to wait."""
    headers: Any = getattr(getattr(error, "response", None), "headers", {})
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers.get(name)) * unit)
        except (TypeError, ValueError):
            continue
    return default
