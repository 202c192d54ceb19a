"""veRL's single-turn agent loop with a seed for each rollout.

vLLM draws from one random stream in the order in which requests arrive, which no two runs share. With a seed that
follows from the run's seed, the step, the prompt and the rollout's number, a run that is repeated or resumed samples
the same answers. vLLM then draws row by row, which costs time with hundreds of sequences on an accelerator; the small
scales choose it by its dotted name (``actor_rollout_ref.rollout.agent.default_agent_loop``).
"""

from __future__ import annotations

import hashlib
from typing import Any

from verl.experimental.agent_loop.agent_loop import AgentLoopOutput
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop


class SeededSingleTurn(SingleTurnAgentLoop):
    """See the module's docstring."""

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> AgentLoopOutput:
        seed = rollout_seed(
            self.rollout_config.seed,
            kwargs["global_steps"],
            kwargs["data_source"],
            kwargs["index"],
            kwargs["session_id"],
        )
        return await super().run({**sampling_params, "seed": seed}, **kwargs)


def rollout_seed(*parts: Any) -> int:
    """A seed of 63 bits from whatever tells a rollout from all others; the same in every process."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
