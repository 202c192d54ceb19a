"""The calls of a session on veRL's servers, with a server that says what it is told to; real ones are launched."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from artist_play import DONE, answer, zoom
from artist_settings import SHORT
from omegaconf import OmegaConf
from verl.experimental.agent_loop.agent_loop import AgentLoopBase

from recipes.artist.agent_loop import ArtistLoop, Setting, TooLongError, _Playing
from recipes.artist.session import converse
from src.errors import ConfigError
from src.training.row_output import RowOutput

N, END = 4, "$"


class Server:
    """Keeps what is asked of it, and how much of it at a time."""

    def __init__(self, said: list[str]) -> None:
        self.said, self.asked = iter(said), []
        self.at_once = self.most = 0

    async def generate(self, **asked: Any) -> Any:
        self.asked.append(asked)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        text = next(self.said)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        ids = [ord(one) for one in text + END]
        extra = {"num_cached_tokens": 64, "min_global_steps": 0, "max_global_steps": 0}
        return SimpleNamespace(token_ids=ids, log_probs=[-0.5] * len(ids), num_preempted=None, extra_fields=extra)


class Loop:
    """What a session uses of veRL's loop; a token is a character."""

    def __init__(self, said: list[str], room: int = 10_000) -> None:
        self.server_manager, self.loop = Server(said), asyncio.get_running_loop()
        self.rollout_config = SimpleNamespace(seed=7, response_length=500, prompt_length=room)
        self.tokenizer = SimpleNamespace(
            decode=lambda ids, skip_special_tokens: "".join(map(chr, ids)).removesuffix(END), eos_token_id=ord(END)
        )

    def _get_mm_processor_kwargs(self) -> dict[str, Any]:
        return {}

    async def ct_build_initial_tokens(self, messages: Any, images: Any = None) -> list[int]:
        ids = [ord(one) for one in messages[-1]["content"]]
        return ArtistLoop._cap_text_prompt_length(self, ids)  # type: ignore[arg-type]

    async def ct_merge_assistant_token(self, prompt: Any, said: Any, *_: Any, assistant_logprobs: Any) -> Any:
        return SimpleNamespace(token_ids=[*prompt, *said]), [1] * len(said), assistant_logprobs


def setting(function: dict[str, Any] | None = None) -> Setting:
    session = {"answers": N, "controller": {"max_tokens": 400}, "reasoner": {"temperature": 0.7, "max_tokens": 10}}
    dataset = {**SHORT, "session": session}
    reward = {"custom_reward_function": {"reward_kwargs": {"dataset": dataset, "function": function, "begun": ""}}}
    engine = {"rollout": {"engine_kwargs": {"vllm": {"block_size": 32}}}}
    data = {"train_files": "x/train.parquet", "val_files": ["y/val.parquet"]}
    return Setting(OmegaConf.create({"reward": reward, "actor_rollout_ref": engine, "data": data}))


def rows_of(said: list[str], sampling: dict[str, Any] | None = None, **more: Any) -> tuple[list[RowOutput], Server]:
    """The rows of a session of the first question."""

    async def run() -> tuple[list[RowOutput], Server]:
        loop, of = Loop(said, **more), setting()
        (question,) = of.task.questions_of([of.task.rows("train")[0]])
        columns = {"data_source": "short", "index": 0, "session_id": 1, "global_steps": 3}
        playing = _Playing(loop, of, {"temperature": 1.0, "top_p": 1.0} if sampling is None else sampling, columns)  # type: ignore[arg-type]
        conversation = converse(question, of.task.typed.session, of.task.typed.view, N)
        calls = next(conversation)
        try:
            while True:
                calls = conversation.send(await playing.complete(calls))
        except StopIteration as end:
            return playing.rows(end.value), loop.server_manager

    return asyncio.run(run())


SAID = [zoom(0, 9), answer("A"), DONE, *(answer(one) for one in "BAB")]


def test_rows_have_their_own_role_turn_reward_and_temperature_the_sessions_answer_last() -> None:
    rows, server = rows_of(SAID)
    assert [(row.role, row.turn) for row in rows] == [
        ("controller", 0), ("controller", 1), ("reasoner", 1), ("reasoner", 2), ("reasoner", 3), ("reasoner", 0),
    ]  # fmt: skip
    assert [row.temperature for row in rows] == [1.0] * 2 + [0.7] * N
    assert rows[0].row_reward == rows[1].row_reward and {row.row_reward for row in rows[2:]} == {4.0, 1.0}
    assert [row.limit for row in rows] == [400] * 2 + [10] * N
    assert all(set(row.row_terms or {}) == set(rows[0].row_terms or {}) for row in rows[:2])
    assert rows[-1].trajectory is not None and all(row.trajectory is None for row in rows[:-1])
    assert "".join(map(chr, rows[-1].response_ids)) == answer("A") + END
    terms = rows[-1].row_terms or {}
    assert terms["session/calls"] == len(server.asked) == 2 + 1 + N - 1
    assert terms["session/cut_off"] == 0.0  # longer than ten tokens, and ended all the same
    assert 0 < terms["session/cached_tokens"] <= terms["session/shareable_tokens"]


def test_further_answers_are_asked_for_together_under_one_id_and_each_call_has_its_seed() -> None:
    _, server = rows_of(SAID)
    assert server.most == N - 1
    ids = [one["request_id"] for one in server.asked]
    assert len(set(ids)) == 2 and len({one.rsplit("-")[-1] for one in ids}) == 2
    seeds = [one["sampling_params"]["seed"] for one in server.asked]
    assert len(set(seeds)) == len(seeds)
    assert seeds == [one["sampling_params"]["seed"] for one in rows_of(SAID)[1].asked]  # a repeated run asks the same
    lengths = [one["sampling_params"]["max_tokens"] for one in server.asked]
    assert lengths == [400, 10, 400, 10, 10, 10]


def test_who_asks_for_greedy_answers_gets_them() -> None:
    _, server = rows_of(SAID, {"temperature": 0, "top_p": 1.0})
    assert {one["sampling_params"]["temperature"] for one in server.asked} == {0}


def test_a_session_that_fails_in_its_first_turn_has_this_row_alone() -> None:
    rows, server = rows_of([DONE])
    assert [(row.role, row.row_reward) for row in rows] == [("controller", -1.0)] and len(server.asked) == 1


def test_a_prompt_without_room_is_not_cut() -> None:
    rows, _ = rows_of(SAID, room=200)  # holds the first prompt, and not the second round's
    assert [row.role for row in rows] == ["controller", *["reasoner"] * N]
    assert (rows[-1].row_terms or {})["session/no_room"] == 1.0
    with pytest.raises(ConfigError, match=r"a session cannot begin: the prompt has .* tokens, and data"):
        rows_of(SAID, room=20)


def test_verl_still_asks_the_loop_whether_a_prompt_is_too_long() -> None:
    assert AgentLoopBase._cap_text_prompt_length is not ArtistLoop._cap_text_prompt_length
    assert "_cap_text_prompt_length" in AgentLoopBase.ct_build_initial_tokens.__code__.co_names
    loop = SimpleNamespace(rollout_config=SimpleNamespace(prompt_length=2))
    with pytest.raises(TooLongError, match="the prompt has 3 tokens, and data"):
        ArtistLoop._cap_text_prompt_length(loop, [1, 2, 3])  # type: ignore[arg-type]


def test_a_reward_that_knows_no_sessions_is_refused() -> None:
    own = setting({"path": "pkg://recipes.artist.reward", "reward_kwargs": {"preset": "paper", "rounds": 0.0}})
    assert (own.reward.preset, own.reward.rounds, setting().reward.preset) == ("paper", 0.0, "strict")
    with pytest.raises(ConfigError, match=r"path=/mine.py knows no sessions: choose reward=artist"):
        setting({"path": "/mine.py"})


def test_the_store_of_each_part_stands_beside_its_rows() -> None:
    stores = setting().stores
    assert str(stores[True].path).startswith("x/") and str(stores[False].path).startswith("y/")
