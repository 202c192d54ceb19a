"""veRL's replay buffer, with the algorithm's choice of rollouts between sampling and the update.

The choice stands before old and reference log-probabilities are computed, so dropped rollouts cost nothing after
generation. What was sampled, kept or not, is left in ``sampled`` for the trainer to record; held-out answers are left
in ``validated``.
"""

from __future__ import annotations

from collections.abc import Callable
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


class NoSignalError(Exception):
    """Dynamic sampling has not found enough prompts whose answers earn different rewards."""


class LostRolloutError(Exception):
    """A rollout or a held-out answer is missing, because its agent loop raised."""


class SelectingReplayBuffer(ReplayBuffer):
    """``trainer.v1.sampler.custom_sampler``; ``sampler_kwargs.algorithm`` names the algorithm and its settings."""

    sampled: Rollouts

    def __init__(self, *, refill_fn: Callable[[int], object] | None = None, **kwargs: Any) -> None:
        given = kwargs["sampler_kwargs"]
        # Where groups without a signal are replaced, they are one by one, so that as many as are missing are sampled.
        replaced = {**given["replaced"], "gen_batch_size": 1} if given.get("replaced") else {}
        super().__init__(**kwargs, **replaced, refill_fn=self._refill, poll_interval=POLL_INTERVAL_S)
        self.algorithm = make_algorithm(**given.algorithm)
        self.add_prompts = refill_fn
        self.refilled = 0
        self.step = 0
        self.validated: list[Rollouts] = []
        self.terms = SameTerms()

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[KVBatchMeta, dict]:
        self.step = global_steps
        self.refilled = 0
        batch, metrics = super().sample(global_steps=global_steps, partition_id=partition_id, batch_size=batch_size)
        if self.filter_groups_metric is not None and partition_id != "val":
            metrics["training/filter_groups/refilled_samples"] = self.refilled
        return batch, metrics

    def _refill(self, prompts: int) -> None:
        """Sample more prompts, as many as the algorithm allows.

        Raises:
            NoSignalError: these would be too many.
        """
        assert self.add_prompts is not None
        self.refilled += prompts
        most = self.algorithm.most_refills() * (self.train_batch_size or 1)
        if self.refilled > most:
            raise NoSignalError(
                f"step {self.step}: {most} prompts were sampled beyond the batch, and still too few have answers that "
                "earn different rewards: the task is too hard or too easy for the model, or raise "
                "algorithm.dapo.refills"
            )
        self.add_prompts(prompts)

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
