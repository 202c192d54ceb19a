"""veRL's worker, where a stage needs more of it: a reference model of its own, or adapters that follow the seed."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from verl.utils.config import omega_conf_to_dataclass
from verl.workers.engine_workers import ActorRolloutRefWorker, TrainingWorker, TrainingWorkerConfig


class WorkerWithAdapters(ActorRolloutRefWorker):
    """Draws a LoRA's first values by the run's seed; veRL takes whatever the process happens to be at."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        torch.manual_seed(config.actor.data_loader_seed)
        super().__init__(config, *args, **kwargs)


class WorkerWithReference(ActorRolloutRefWorker):
    """Has a reference model of another folder than the actor's: veRL loads both from ``actor_rollout_ref.model.path``.

    A stage whose KL is measured from another model has ``actor_rollout_ref.reference_path`` in its config; only the
    weights are taken from there, the tokenizer is the actor's.
    """

    def ref_worker_cls(self, config: TrainingWorkerConfig) -> TrainingWorker:
        """What veRL calls, once, to make the reference model; the name is that of the class it has in this place."""
        settings = deepcopy(self.config.model)
        settings.tokenizer_path = settings.tokenizer_path or settings.path
        settings.path = self.config.reference_path
        model: Any = omega_conf_to_dataclass(settings)
        model.mtp = config.model_config.mtp
        return TrainingWorker(config=replace(config, model_config=model))
