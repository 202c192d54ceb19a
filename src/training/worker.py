"""veRL's worker with a reference model of another folder than the actor's.

veRL loads both from ``actor_rollout_ref.model.path``. A stage whose KL is measured from another model has
``actor_rollout_ref.reference_path`` in its config; only the weights are taken from there, the tokenizer is the actor's.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from verl.utils.config import omega_conf_to_dataclass
from verl.workers.engine_workers import ActorRolloutRefWorker, TrainingWorker, TrainingWorkerConfig


class WorkerWithReference(ActorRolloutRefWorker):
    """See the module's docstring."""

    def ref_worker_cls(self, config: TrainingWorkerConfig) -> TrainingWorker:
        """What veRL calls, once, to make the reference model; the name is that of the class it has in this place."""
        settings = deepcopy(self.config.model)
        settings.tokenizer_path = settings.tokenizer_path or settings.path
        settings.path = self.config.reference_path
        model: Any = omega_conf_to_dataclass(settings)
        model.mtp = config.model_config.mtp
        return TrainingWorker(config=replace(config, model_config=model))
