"""veRL's replay buffer, with the algorithm's choice of rollouts between sampling and the update.

The choice stands before old and reference log-probabilities are computed, so dropped rollouts cost nothing after
generation. What was sampled, kept or not, is left in ``sampled`` for the trainer to record; held-out answers are left
in ``validated``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import transfer_queue as tq
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer

from src.algorithms.rollouts import Rollouts
from src.config.algorithm import make_algorithm
from src.training.judged import leave_out, put_back
from src.training.sampled import FIELDS, SameTerms, read_rollouts

# veRL asks the queue every 2 s whether the rollouts are done, which rounds a short generation up to 2 s.
POLL_INTERVAL_S = 0.02


class LostRolloutError(Exception):
    """A rollout or a held-out answer is missing, because its agent loop raised."""


class SelectingReplayBuffer(ReplayBuffer):
    """``trainer.v1.sampler.custom_sampler``; ``sampler_kwargs.algorithm`` names the algorithm and its settings."""

    sampled: Rollouts

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, poll_interval=POLL_INTERVAL_S)
        self.algorithm = make_algorithm(**kwargs["sampler_kwargs"].algorithm)
        self.step = 0
        self.validated: list[Rollouts] = []
        self.terms = SameTerms()

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[KVBatchMeta, dict]:
        self.step = global_steps
        return super().sample(global_steps=global_steps, partition_id=partition_id, batch_size=batch_size)

    def _sync_metadata_from_transfer_queue(self) -> None:
        super()._sync_metadata_from_transfer_queue()
        # veRL would train on what is left of the group, and average over the held-out answers that are left.
        for partition, failed in self.failure_keys.items():
            if failed:
                raise LostRolloutError(
                    f"{len(failed)} prompt(s) of step {self.step} ({partition}) have lost rollouts: their agent loop "
                    "failed, see the errors before this one"
                )

    def _materialize_batch(
        self, partition_id: str, selected_prompt_uids: list[str], partition_snapshot: dict[str, dict]
    ) -> KVBatchMeta:
        collected = super()._materialize_batch(partition_id, selected_prompt_uids, partition_snapshot)
        data = tq.kv_batch_get(keys=collected.keys, partition_id=partition_id, select_fields=list(FIELDS))
        read = read_rollouts(collected.keys, collected.tags, data)
        self.terms.check(read)
        rollouts = leave_out(read)
        put_back(read, rollouts, partition_id)
        if partition_id == "val":
            self.validated.append(rollouts.take(rollouts.last_rows()))  # as veRL, which scores these only
            kept = rollouts.keys
        else:
            self.sampled = self.algorithm.select(rollouts, self.step)
            kept = [self.sampled.keys[place] for place in np.flatnonzero(self.sampled.kept)]
            if not kept:
                raise ValueError(
                    f"step {self.step}: the algorithm has kept no rollout, so there is nothing to train on"
                )
        tags = dict(zip(collected.keys, collected.tags, strict=True))
        return KVBatchMeta(partition_id=partition_id, keys=kept, tags=[tags[key] for key in kept])

    def drop_unselected(self, partition_id: str = "train") -> None:
        """Clear the rollouts that were not kept from the queue; veRL clears the kept ones itself."""
        dropped = [key for key, kept in zip(self.sampled.keys, self.sampled.kept, strict=True) if not kept]
        if dropped:
            tq.kv_clear(keys=dropped, partition_id=partition_id)
