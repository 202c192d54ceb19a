"""veRL's worker, where a stage needs more of it: rows' own temperatures, a reference model, adapters by the seed."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from tensordict import TensorDict
from verl.utils import tensordict_utils as tu
from verl.utils.config import omega_conf_to_dataclass
from verl.workers.engine_workers import ActorRolloutRefWorker, TrainingWorker, TrainingWorkerConfig

from src.training.row_output import ROW_TEMPERATURE


class RowTrainingWorker(TrainingWorker):
    """Takes each row's log-probabilities at its own temperature, and counts the optimizer's steps (``updates``)."""

    def infer_batch(self, data: TensorDict) -> TensorDict | None:
        return super().infer_batch(at_own_temperature(data))

    def train_mini_batch(self, data: TensorDict) -> TensorDict | None:
        output = super().train_mini_batch(at_own_temperature(data))
        if output is not None:
            metrics = tu.get(output, "metrics")  # of each step, the norm of its gradient
            tu.assign_non_tensor(output, metrics={**metrics, "updates": [len(metrics["grad_norm"])]})
        return output


def at_own_temperature(data: TensorDict) -> TensorDict:
    """A batch whose rows are judged at the temperature that each was sampled at.

    veRL's trainer sends one for all, and its engines take one for each row just as well. Where all rows have the same
    one it stays a number: at 1 the logits are then not copied.

    Args:
        data: its column ``row_temperature``, shape (bsz,), is there if the agent loop gave rows one.
    """
    if ROW_TEMPERATURE in data:
        own = data[ROW_TEMPERATURE].float().reshape(-1)
        if (own == own[0]).all():
            tu.assign_non_tensor(data, temperature=float(own[0]))
        else:
            data["temperature"] = own
    return data


class RowWorker(ActorRolloutRefWorker):
    """veRL's worker of actor, rollout and reference, for rows that may have a temperature of their own."""

    actor_worker_cls = RowTrainingWorker
    ref_worker_cls = RowTrainingWorker


class WorkerWithAdapters(RowWorker):
    """Draws a LoRA's first values by the run's seed; veRL takes whatever the process happens to be at."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        torch.manual_seed(config.actor.data_loader_seed)
        super().__init__(config, *args, **kwargs)


class WorkerWithReference(RowWorker):
    """Has a reference model of another folder than the actor's: veRL loads both from ``actor_rollout_ref.model.path``.

    A stage whose KL is measured from another model has ``actor_rollout_ref.reference_path`` in its config; only the
    weights are taken from there, the tokenizer is the actor's.
    """

    def ref_worker_cls(self, config: TrainingWorkerConfig) -> TrainingWorker:  # type: ignore[override]
        """What veRL calls, once, to make the reference model; the name is that of the class it has in this place."""
        settings = deepcopy(self.config.model)
        settings.tokenizer_path = settings.tokenizer_path or settings.path
        settings.path = self.config.reference_path
        model: Any = omega_conf_to_dataclass(settings)
        model.mtp = config.model_config.mtp
        return RowTrainingWorker(config=replace(config, model_config=model))
