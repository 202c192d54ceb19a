"""What a user could write for a conversation of two roles: an agent loop, an algorithm and a trainer of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import transfer_queue as tq
from transfer_queue import KVBatchMeta
from verl.experimental.agent_loop.agent_loop import AgentLoopOutput
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop

from src.algorithms.advantages import role_advantages
from src.algorithms.algorithm import Algorithm
from src.algorithms.rollouts import Rollouts
from src.training.agent_loop import rollout_seed
from src.training.row_output import RowOutput
from src.training.trainer import RecordedTrainer


def controllers_reward(session: int) -> float:
    return 0.25 * session


def reasoners_reward(session: int) -> float:
    return 10.0 - session**2


TEMPERATURE = {"controller": 1.0, "reasoner": 0.5}


def turns_of(group: str, session: int) -> list[tuple[str, int]]:
    """Role and turn of each row: of every other prompt, the controller of session 1 speaks twice."""
    twice = session == 1 and group.endswith(("x1", "x3"))
    return [("controller", 0), *([("controller", 1)] if twice else []), ("reasoner", 0)]


class TwoRoles(SingleTurnAgentLoop):
    """The controller speaks, then the reasoner; both see the prompt, and their rewards follow from the session."""

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> list[RowOutput]:  # type: ignore[override]
        session = int(kwargs["session_id"])
        rows = []
        for role, turn in turns_of(kwargs["uid"], session):
            reward = controllers_reward(session) if role == "controller" else reasoners_reward(session)
            own = {"seed": rollout_seed(kwargs["global_steps"], kwargs["index"], session, role, turn)}
            own["temperature"] = TEMPERATURE[role]
            said: AgentLoopOutput = await super().run({**sampling_params, **own}, **kwargs)
            rows.append(
                RowOutput(
                    prompt_ids=said.prompt_ids,
                    response_ids=said.response_ids,
                    response_mask=said.response_mask,
                    response_logprobs=said.response_logprobs,
                    num_turns=said.num_turns,
                    metrics=said.metrics,
                    extra_fields=said.extra_fields,
                    role=role,
                    turn=turn,
                    temperature=TEMPERATURE[role],
                    row_reward=reward,
                    row_terms={f"of_{role}": reward},
                    trajectory={"session": session} if role == "reasoner" else None,
                )
            )
        return rows


@dataclass(frozen=True, kw_only=True)
class ByRole(Algorithm):
    """The best sessions, the better of them weighted more; each role is compared with its own kind."""

    best: int

    def kept_per_prompt(self, rollouts: int) -> int:
        return self.best

    def choose(self, rewards: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.argsort(rewards)[-self.best :]

    def weigh(self, rewards: np.ndarray) -> np.ndarray:
        return 2 * rewards / rewards.sum()

    def advantages(self, rollouts: Rollouts) -> np.ndarray:
        return role_advantages(rollouts.rewards, rollouts.groups, rollouts.sessions, rollouts.roles)


class NotingTrainer(RecordedTrainer):
    """Writes down what reaches the update: of each row its reward, advantage (of its first token) and weight."""

    def _update_actor(self, batch: KVBatchMeta, metrics: dict) -> KVBatchMeta:
        fields = ["rm_scores", "advantages", "sequence_weight"]
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        columns = (
            [float(row.sum()) for row in data["rm_scores"].unbind()],
            [float(row[0]) for row in data["advantages"].unbind()],
            data["sequence_weight"].flatten().tolist(),
        )
        noted = dict(zip(batch.keys, zip(*columns, strict=True), strict=True))
        run = Path(self.config.trainer.v1.sampler.sampler_kwargs.run)
        (run / f"update_{self.global_steps}.json").write_text(json.dumps(noted))
        return super()._update_actor(batch, metrics)
