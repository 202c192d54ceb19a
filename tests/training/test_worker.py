"""Rows are judged at the temperature that they were sampled at."""

from __future__ import annotations

import torch
from tensordict import TensorDict
from verl.utils import tensordict_utils as tu
from verl.workers.engine.fsdp.transformer_impl import _is_scalar_unit_temperature, _scale_logits_by_temperature
from verl.workers.engine_workers import TrainingWorker

from src.training.worker import RowTrainingWorker, at_own_temperature


def batch(own: list[float] | None) -> TensorDict:
    """As a worker is handed it: the trainer's one temperature stands over the rows' columns."""
    columns = {} if own is None else {"row_temperature": torch.tensor(own)}
    data = TensorDict(columns, batch_size=[3])
    tu.assign_non_tensor(data, temperature=0.9)
    return data


def test_without_temperatures_of_their_own_the_trainers_holds() -> None:
    assert at_own_temperature(batch(None))["temperature"] == 0.9


def test_rows_have_their_own() -> None:
    assert at_own_temperature(batch([1.0, 0.7, 0.7]))["temperature"].tolist() == torch.tensor([1.0, 0.7, 0.7]).tolist()


def test_one_for_all_is_what_a_single_temperature_was() -> None:
    for value in (1.0, 0.5):
        found = at_own_temperature(batch([value] * 3))["temperature"]
        assert isinstance(found, float) and found == value
    assert _is_scalar_unit_temperature(at_own_temperature(batch([1.0] * 3))["temperature"])
    # And were it a column of ones: dividing by them changes no bit.
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(1))
    divided = _scale_logits_by_temperature(logits, torch.ones(3, 1), is_unit_temperature=False)
    assert torch.equal(divided, _scale_logits_by_temperature(logits, torch.ones(3, 1), is_unit_temperature=True))


def test_what_the_actor_calls_is_overridden() -> None:
    for name in ("infer_batch", "train_mini_batch"):
        assert callable(getattr(TrainingWorker, name)) and name in vars(RowTrainingWorker)
