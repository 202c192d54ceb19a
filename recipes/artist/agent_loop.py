"""ARTIST's sessions on veRL's servers: rows of both roles, each with its own reward, role, turn and temperature.

``actor_rollout_ref.rollout.agent.default_agent_loop`` names ``ArtistLoop``. All sessions of a batch run side by side.
The calls of one role of one session share a request id, so that one server has their common beginnings in its cache,
and the N-1 further answers from the final segments are asked for together. Nothing is asked for twice, and each call
has its own seed, so that a repeated run says the same.

The rows of a session: the controller's turns, then the N final answers, the session's own last. In held-out sessions
N is 1. Answers that the session went on from are no rows: nothing is trained on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

from omegaconf import OmegaConf
from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics

from recipes.artist.outcome import counts, outcome, path
from recipes.artist.prefixes import Prefixes
from recipes.artist.question import of_row
from recipes.artist.reward import read_settings
from recipes.artist.roles import CONTROLLER
from recipes.artist.session import Call, Said, Session, converse
from recipes.artist.task import Artist
from src.errors import ConfigError
from src.tasks.asking import Completion
from src.tasks.images import data_uri, with_parts
from src.tasks.row import Row
from src.tasks.series_store import SeriesStore
from src.tasks.task import load_task
from src.training.agent_loop import rollout_seed
from src.training.row_output import RowOutput


class TooLongError(Exception):
    """A prompt that has no room."""


@dataclass
class Made:
    """A call as veRL keeps it."""

    prompt_ids: list[int]
    response_ids: list[int]
    mask: list[int]
    log_probs: list[float] | None
    extra: dict[str, Any]
    images: list[Any] | None
    seconds: float
    preempted: int


class Setting:
    """What all sessions of a process share.

    Args:
        config: the stage's.
    """

    def __init__(self, config: Any) -> None:
        self.config = config  # kept, so that nothing else gets its identity
        scored = config.reward.custom_reward_function.reward_kwargs
        task = load_task(scored.dataset)
        if not isinstance(task, Artist):
            raise ConfigError(f"dataset {task.name} has no sessions: choose a dataset of recipes.artist.task.Artist")
        self.task = task
        self.begun = str(scored.get("begun") or "")
        function: Any = OmegaConf.to_container(scored.function, resolve=True) if scored.function else {}
        if function and not str(function.get("path")).endswith("recipes.artist.reward"):
            raise ConfigError(
                f"reward.custom_reward_function.path={function.get('path')} knows no sessions: choose reward=artist, "
                "artist_paper or artist_released, or reward=own"
            )
        self.reward = read_settings(function.get("reward_kwargs") or {})
        # As vLLM has it where the configuration says nothing: 16 tokens on a GPU.
        self.block = int(OmegaConf.select(config, "actor_rollout_ref.rollout.engine_kwargs.vllm.block_size") or 16)

    @cached_property
    def stores(self) -> dict[bool, SeriesStore]:
        """Of rows that are trained on, and of held-out ones."""
        files = {True: self.config.data.train_files, False: self.config.data.val_files}
        return {
            trained: SeriesStore.beside(file if isinstance(file, str) else file[0]) for trained, file in files.items()
        }


class ArtistLoop(AgentLoopBase):
    """See the module's docstring."""

    settings: ClassVar[dict[int, Setting]] = {}

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> list[RowOutput]:
        """Play one session of one row."""
        setting = self._setting()
        row = Row.of_columns(kwargs["data_source"], kwargs["reward_model"]["ground_truth"], kwargs["extra_info"])
        trained = row.split == "train"
        question = of_row(row, setting.stores[trained])
        playing = _Playing(self, setting, sampling_params, kwargs)
        of = setting.task.typed
        conversation = converse(question, of.session, of.view, of.session.answers if trained else 1)
        try:
            calls = next(conversation)
            while True:
                calls = conversation.send(await playing.complete(calls))
        except StopIteration as end:
            return playing.rows(end.value)

    def _setting(self) -> Setting:
        """Made once for a process: veRL makes a loop for each session."""
        key = id(self.config)
        if key not in self.settings:
            self.settings[key] = Setting(self.config)
        return self.settings[key]

    def _cap_text_prompt_length(self, prompt_ids: list[int]) -> list[int]:
        """Refuse a prompt that is too long; veRL's own cuts its beginning off, and with it the question."""
        if len(prompt_ids) > self.rollout_config.prompt_length:
            raise TooLongError(
                f"the prompt has {len(prompt_ids)} tokens, and data.max_prompt_length is "
                f"{self.rollout_config.prompt_length}"
            )
        return prompt_ids


class _Playing:
    """One session's calls."""

    def __init__(self, loop: ArtistLoop, setting: Setting, sampling: dict[str, Any], columns: dict[str, Any]) -> None:
        self.loop, self.setting, self.sampling, self.columns = loop, setting, sampling, columns
        self.id = uuid4().hex
        self.made: dict[tuple[str, int, int], Made] = {}
        self.prefixes = Prefixes(setting.block)
        self.step = int(columns["global_steps"])

    async def complete(self, calls: Sequence[Call]) -> list[Completion]:
        """Make calls that may be made together: they are of one prompt."""
        try:
            prompt_ids, images = await self._prompt(calls[0])
        except TooLongError as error:
            return [Completion("", 0, problem=str(error)) for _ in calls]
        shared = self.prefixes.shared(calls[0], prompt_ids)
        return list(await asyncio.gather(*(self._one(call, prompt_ids, images, shared) for call in calls)))

    async def _prompt(self, call: Call) -> tuple[list[int], list[Any] | None]:
        messages = with_parts(call.messages, [data_uri(image) for image in call.images])
        images = None
        if call.images:
            found = await self.loop.process_multi_modal_info(messages)
            self.loop._assert_mm_supported(bool(found))
            images = found["images"]
        try:
            return await self.loop.ct_build_initial_tokens(messages, images=images), images
        except ValueError as error:  # where there are images veRL refuses by itself
            if "prompt_length" in str(error):
                raise TooLongError(str(error)) from None
            raise

    async def _one(self, call: Call, prompt_ids: list[int], images: list[Any] | None, shared: int) -> Completion:
        role = self.setting.task.typed.session.of(call.role)
        columns = self.columns
        who = (columns["data_source"], columns["index"], columns["session_id"])
        options = {
            **self.sampling,
            "max_tokens": role.max_tokens,
            "seed": rollout_seed(self.loop.rollout_config.seed, self.step, *who, call.role, call.turn, call.draw),
        }
        if self.sampling.get("temperature") != 0:  # greedy stays greedy
            options["temperature"] = role.temperature
        began = self.loop.loop.time()
        output = await self.loop.server_manager.generate(
            request_id=f"{self.id}-{call.role}",
            prompt_ids=list(prompt_ids),
            sampling_params=options,
            image_data=images,
            mm_processor_kwargs=self.loop._get_mm_processor_kwargs(),
        )
        seconds = self.loop.loop.time() - began
        merged, mask, log_probs = await self.loop.ct_merge_assistant_token(
            prompt_ids, output.token_ids, [], [] if output.log_probs else None, assistant_logprobs=output.log_probs
        )
        response_ids = merged.token_ids[len(merged.token_ids) - len(mask) :]
        preempted = output.num_preempted if output.num_preempted is not None else -1
        self.made[call.role, call.turn, call.draw] = Made(
            merged.token_ids[: len(merged.token_ids) - len(mask)],
            response_ids,
            mask,
            log_probs or None,
            output.extra_fields,
            images,
            seconds,
            preempted,
        )
        text = self.loop.tokenizer.decode(response_ids, skip_special_tokens=True)
        ended = bool(response_ids) and response_ids[-1] == self.loop.tokenizer.eos_token_id
        truncated = len(response_ids) >= role.max_tokens and not ended
        cached = output.extra_fields.get("num_cached_tokens") or 0
        self.prefixes.hit(shared, cached)
        return Completion(
            self.setting.begun + text,
            len(response_ids),
            truncated,
            prompt_tokens=len(prompt_ids),
            cached_tokens=cached,
        )

    def rows(self, session: Session) -> list[RowOutput]:
        """Of the session, its result last."""
        of = self.setting.task.typed.session
        found = outcome(session, self.setting.reward, step=self.step - 1, max_rounds=of.max_rounds)
        of_session = {"session/reliability": found.reliability, **counts(session), **self.prefixes.terms()}
        if not session.said:
            raise ConfigError(f"a session cannot begin: {session.problem}; raise it, or show less (dataset.view)")
        told = path(session, found).as_json()
        rows = [
            self._row(said, {**terms, **of_session}) for said, terms in zip(session.turns, found.turns, strict=True)
        ]
        final = [
            self._row(said, {**terms, **of_session}) for said, terms in zip(session.final, found.reasoner, strict=True)
        ]
        rows = [*rows, *final[1:], *final[:1]]
        rows[-1].trajectory = told
        return rows

    def _row(self, said: Said, terms: dict[str, float]) -> RowOutput:
        call = said.call
        made = self.made[call.role, call.turn, call.draw]
        role, limit = self.setting.task.typed.session.of(call.role), self.loop.rollout_config.response_length
        return RowOutput(
            prompt_ids=made.prompt_ids,
            response_ids=made.response_ids[:limit],
            response_mask=made.mask[:limit],
            response_logprobs=made.log_probs[:limit] if made.log_probs else None,
            multi_modal_data={"images": made.images} if made.images else {},
            mm_processor_kwargs=self.loop._get_mm_processor_kwargs(),
            num_turns=2,
            metrics=AgentLoopMetrics(generate_sequences=made.seconds, num_preempted=made.preempted),
            extra_fields=made.extra,
            role=call.role,
            turn=call.turn if call.role == CONTROLLER else call.draw,
            temperature=role.temperature,
            limit=role.max_tokens,
            row_reward=terms["score"],
            row_terms=terms,
        )
