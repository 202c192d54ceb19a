"""What an agent loop returns for each row of a session that has several: whose it is, and its own reward.

veRL gives every row of a session the reward and the terms of the last one; these rows hold on to their own. A loop
returns a list of them, the session's result last: veRL's validation and its estimator ``grpo`` take that row, and so do
the reward's means in the record. All rows of a run set the same optional fields: veRL makes columns of one table of
them.
"""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from verl.experimental.agent_loop.agent_loop import AgentLoopOutput

OWN = ("role", "turn", "row_terms", "limit", "trajectory")
ROW_TEMPERATURE = "row_temperature"  # the column; veRL has one temperature for all rows under the plain name


class RowOutput(AgentLoopOutput):
    """One row of a session.

    Args:
        role: who speaks, such as ``controller``; the record has metrics for each.
        turn: the row's place among those of its role, from 0.
        row_reward: the row's own reward. None in the last row leaves the session's reward to the configuration's
            reward function; every other row has one.
        row_terms: the named parts of ``row_reward``, the same keys in all rows of a role. A name with a
            slash, such as ``session/rounds``, is a count beside them.
        temperature: that the row was sampled at, in all rows or in none; its log-probabilities are taken at it. None:
            ``actor_rollout_ref.rollout.temperature``.
        limit: tokens that the response might have; None: ``data.max_response_length``.
        trajectory: the whole session in JSON values, in its last row: what the task draws for the report
            (``src.tasks.task.Task.path``).
    """

    extra_fields: dict[str, Any] = Field(default_factory=dict)
    role: str
    turn: int = 0
    row_reward: float | None = None
    row_terms: dict[str, float] | None = None
    temperature: float | None = None
    limit: int | None = None
    trajectory: dict[str, Any] | None = None

    def model_post_init(self, _: Any) -> None:
        if self.row_reward is not None:
            self.reward_score = self.row_reward
            self.extra_fields = {**self.extra_fields, "reward_extra_info": dict(self.row_terms or {})}

    def as_dict(self) -> dict[str, Any]:
        """The row's columns."""
        output = super().as_dict()
        for name in (*OWN, "row_reward", "temperature"):
            output.pop(name, None)
        output["extra_fields"] = {**output["extra_fields"], **{name: getattr(self, name) for name in OWN}}
        if self.row_reward is not None:
            output["rm_scores"] = torch.zeros_like(output["response_mask"], dtype=torch.float32)
            output["rm_scores"][-1] = self.row_reward
        if self.temperature is not None:
            output[ROW_TEMPERATURE] = torch.tensor(self.temperature)
        return output
