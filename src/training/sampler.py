"""veRL's replay buffer, with selection of rollouts between sampling and the update.

Selection stands before old and reference log-probabilities are computed, so dropped rollouts cost nothing after
generation. What was sampled, kept or not, is left in ``sampled`` for the trainer to record; held-out answers are
left in ``validated``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import transfer_queue as tq
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer

from src.algorithms.grip import GripSettings, select_batch
from src.training.sampled import Sampled, numeric_terms, plain, reproducible_order

# veRL asks the queue every 2 s whether the rollouts are done, which rounds a short generation up to 2 s.
POLL_INTERVAL_S = 0.02


class SelectingReplayBuffer(ReplayBuffer):
    """``trainer.v1.sampler.custom_sampler``; ``sampler_kwargs.grip`` holds the selection, or null for none."""

    def __init__(self, **kwargs: Any) -> None:
        settings = kwargs["sampler_kwargs"]
        super().__init__(**kwargs, poll_interval=POLL_INTERVAL_S)
        self.grip = GripSettings(**settings.grip, seed=settings.seed) if settings.grip else None
        self.step = 0
        self.sampled = Sampled()
        self.validated: list[Sampled] = []

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[KVBatchMeta, dict]:
        self.step = global_steps
        return super().sample(global_steps=global_steps, partition_id=partition_id, batch_size=batch_size)

    def _materialize_batch(
        self, partition_id: str, selected_prompt_uids: list[str], partition_snapshot: dict[str, dict]
    ) -> KVBatchMeta:
        collected = super()._materialize_batch(partition_id, selected_prompt_uids, partition_snapshot)
        sampled = self._read(collected)
        order = reproducible_order(sampled)
        sampled = sampled.in_order(order)
        batch = KVBatchMeta(partition_id=partition_id, keys=sampled.keys, tags=[collected.tags[row] for row in order])
        if partition_id == "val":
            self.validated.append(sampled)
            return batch
        self.sampled = sampled
        if self.grip is None:
            return batch
        chosen = select_batch(
            self.sampled.rewards,
            self.sampled.groups,
            self.grip,
            self.step,
            rollouts=[int(key.split("_")[1]) for key in batch.keys],
        )
        self.sampled.kept = np.isin(np.arange(len(batch.keys)), chosen.kept)
        self.sampled.weights[chosen.kept] = chosen.weights
        return KVBatchMeta(
            partition_id=partition_id,
            keys=[batch.keys[row] for row in chosen.kept],
            tags=[batch.tags[row] for row in chosen.kept],
        )

    def drop_unselected(self, partition_id: str = "train") -> None:
        """Clear the rollouts that were not kept from the queue; veRL clears the kept ones itself."""
        dropped = [key for key, kept in zip(self.sampled.keys, self.sampled.kept, strict=True) if not kept]
        if dropped:
            tq.kv_clear(keys=dropped, partition_id=partition_id)

    def _read(self, batch: KVBatchMeta) -> Sampled:
        data = tq.kv_batch_get(
            keys=batch.keys,
            partition_id=batch.partition_id,
            select_fields=["rm_scores", "extra_fields", "data_source", "reward_model", "extra_info"],
        )
        extra = plain(data["extra_fields"])
        rows = [
            {"data_source": source, "ground_truth": reward["ground_truth"], "extra_info": info}
            for source, reward, info in zip(
                plain(data["data_source"]),
                plain(data["reward_model"]),
                plain(data["extra_info"]),
                strict=True,
            )
        ]
        size = len(batch.keys)
        return Sampled(
            keys=list(batch.keys),
            groups=[key.split("_")[0] for key in batch.keys],
            kept=np.ones(size, dtype=bool),
            weights=np.ones(size),
            rewards=np.array([float(scores.sum()) for scores in data["rm_scores"].unbind()]),
            lengths=np.array([tag["response_len"] for tag in batch.tags], dtype=float),
            terms=[numeric_terms(one["reward_extra_info"]) for one in extra],
            rows=rows,
        )
